# was m5.xlarge until the m5.large migration
resource "aws_launch_template" "web" {
  name_prefix   = "m5.large-"
  image_id      = "ami-12345678"
  description   = "m5.large"
  instance_type = "m5.large"

  tag_specifications {
    resource_type = "instance"
    tags          = { size = "m5.large", note = "60" }
  }
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 2
  max_size           = 10
  desired_capacity   = 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}

resource "aws_autoscaling_policy" "web" {
  name                   = "web-cpu"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
