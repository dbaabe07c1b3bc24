locals {
  instance_type = local.web_settings.instance_type
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.web_settings.sizes[0]
  max_size           = local.web_settings.sizes[1]
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
