locals {
  settings = yamldecode(file("${path.root}/settings.yaml"))
  web      = { for group in local.settings.groups : group.name => group }["web"]
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.web.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.web.size.min
  max_size           = local.web.size.max
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
    target_value = local.web.cpu

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
