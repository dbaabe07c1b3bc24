# A mixed group: weighted types, two on demand, then three quarters on spot; scaled on mean CPU.
variable "types" {
  type = list(object({ name = string, weight = string }))
  default = [
    { name = "m6i.large", weight = "1" },
    { name = "m6i.xlarge", weight = "2" },
    { name = "m5.xlarge", weight = "2" },
  ]
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = "vpc-12345678"
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = "us-east-1${["a", "b"][count.index]}"
}

resource "aws_launch_template" "workers" {
  name          = "workers"
  image_id      = "ami-12345678"
  instance_type = "m6i.large"
  credit_specification {
    cpu_credits = "standard"
  }
}

resource "aws_autoscaling_group" "workers" {
  name                    = "workers"
  min_size                = 4
  max_size                = 40
  desired_capacity        = 8
  vpc_zone_identifier     = aws_subnet.private[*].id
  default_instance_warmup = 150

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = 2
      on_demand_percentage_above_base_capacity = 25
      spot_allocation_strategy                 = "price-capacity-optimized"
    }
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.workers.id
        version            = aws_launch_template.workers.latest_version
      }
      dynamic "override" {
        for_each = var.types
        content {
          instance_type     = override.value.name
          weighted_capacity = override.value.weight
        }
      }
    }
  }
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.workers.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value = 55
    customized_metric_specification {
      namespace   = "AWS/EC2"
      metric_name = "CPUUtilization"
      statistic   = "Average"
      metric_dimension {
        name  = "AutoScalingGroupName"
        value = aws_autoscaling_group.workers.name
      }
    }
  }
}
