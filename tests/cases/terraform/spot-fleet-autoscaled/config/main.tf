variable "fleets" {
  type = map(object({
    type   = string
    target = number
    bounds = object({ least = number, most = number })
    cpu    = number
  }))
}

locals {
  render = var.fleets["render"]
  encode = var.fleets["encode"]
}

resource "aws_spot_fleet_request" "render" {
  iam_fleet_role      = "arn:aws:iam::123456789012:role/fleet"
  target_capacity     = local.render.target
  allocation_strategy = "priceCapacityOptimized"

  launch_specification {
    ami           = "ami-12345678"
    instance_type = local.render.type
  }
}

resource "aws_appautoscaling_target" "render" {
  service_namespace  = "ec2"
  scalable_dimension = "ec2:spot-fleet-request:TargetCapacity"
  resource_id        = "spot-fleet-request/${aws_spot_fleet_request.render.id}"
  min_capacity       = local.render.bounds.least
  max_capacity       = local.render.bounds.most
}

resource "aws_appautoscaling_policy" "render" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.render.service_namespace
  scalable_dimension = aws_appautoscaling_target.render.scalable_dimension
  resource_id        = aws_appautoscaling_target.render.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = local.render.cpu

    predefined_metric_specification {
      predefined_metric_type = "EC2SpotFleetRequestAverageCPUUtilization"
    }
  }
}

resource "aws_spot_fleet_request" "encode" {
  iam_fleet_role      = "arn:aws:iam::123456789012:role/fleet"
  target_capacity     = local.encode.target
  allocation_strategy = "diversified"

  dynamic "launch_specification" {
    for_each = toset([local.encode.type, "c5.xlarge", "c5a.xlarge"])
    content {
      ami           = "ami-12345678"
      instance_type = launch_specification.value
    }
  }
}
