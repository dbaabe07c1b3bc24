variable "overrides" {
  type    = any
  default = {}
}

locals {
  defaults = {
    type = "m5.large"
    min  = 2
    max  = 10
  }
  web = merge(local.defaults, var.overrides, { max = 10 })
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.web.type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.web.min
  max_size           = local.web.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "plain" {
  name_prefix   = "plain-"
  image_id      = "ami-12345678"
  instance_type = local.defaults.type
}
resource "aws_autoscaling_group" "plain" {
  name               = "plain"
  min_size           = local.defaults.min
  max_size           = local.defaults.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.plain.id
    version = "$Latest"
  }
}
