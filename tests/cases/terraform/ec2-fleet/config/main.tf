variable "fleets" {
  type = map(object({
    total     = number
    on_demand = optional(number)
    types     = map(number) # type = units that an instance stands for
  }))
}

variable "burst" {
  type    = number
  default = 10
}

resource "aws_launch_template" "worker" {
  name_prefix   = "worker-"
  image_id      = "ami-12345678"
  instance_type = "m6i.large"
}

resource "aws_ec2_fleet" "pool" {
  for_each = var.fleets

  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }

    dynamic "override" {
      for_each = each.value.types
      content {
        instance_type     = override.key
        weighted_capacity = override.value
      }
    }
  }

  on_demand_options {
    allocation_strategy = "lowestPrice"
  }

  spot_options {
    allocation_strategy = "price-capacity-optimized"
  }

  target_capacity_specification {
    default_target_capacity_type = "spot"
    total_target_capacity        = each.value.total
    on_demand_target_capacity    = each.value.on_demand
  }
}

resource "aws_ec2_fleet" "steady" {
  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }

  target_capacity_specification {
    default_target_capacity_type = "on-demand"
    total_target_capacity        = var.burst
  }
}

resource "aws_ec2_fleet" "once" {
  type = "request"

  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }

  target_capacity_specification {
    default_target_capacity_type = "spot"
    total_target_capacity        = 3
  }
}
