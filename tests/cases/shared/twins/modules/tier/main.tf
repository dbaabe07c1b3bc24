variable "name" {
  type = string
}

variable "instance_type" {
  type = string
}

variable "min_size" {
  type = number
}

resource "aws_launch_template" "this" {
  name_prefix   = "${var.name}-"
  image_id      = "ami-0123456789abcdef0"
  instance_type = var.instance_type

  monitoring {
    enabled = true
  }
}

resource "aws_autoscaling_group" "this" {
  name                    = var.name
  min_size                = var.min_size
  max_size                = 24
  vpc_zone_identifier     = ["subnet-0aaaaaaaaaaaaaaa1"]
  default_instance_warmup = 90

  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 50

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
