# The storefront: behind a load balancer, scaled on CPU.

resource "aws_launch_template" "web" {
  name_prefix   = "shop-web-"
  image_id      = var.ami_id
  instance_type = var.web.instance_type

  monitoring {
    enabled = true # one-minute metrics, so that the alarms below react in minutes
  }
}

resource "aws_autoscaling_group" "web" {
  name                    = "shop-web"
  min_size                = var.web.min
  max_size                = var.web.max
  vpc_zone_identifier     = var.subnet_ids
  health_check_type       = "ELB"
  default_instance_warmup = 120

  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }

  instance_refresh {
    strategy = "Rolling"
  }
}

resource "aws_autoscaling_policy" "web_cpu" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.web.target_cpu

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
