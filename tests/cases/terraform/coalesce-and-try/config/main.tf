variable "type" {
  type    = string
  default = null
}

variable "settings" {
  type    = any
  default = {}
}

locals {
  default_type = "m5.large"
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = coalesce(var.type, local.default_type, "m5.large")
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = try(var.settings.web.min, var.settings.min, 2)
  max_size           = try(var.settings.max, 4)
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
