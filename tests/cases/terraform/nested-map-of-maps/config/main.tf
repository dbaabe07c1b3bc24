variable "platform" {
  type = map(object({
    compute = map(object({
      instance_type = string
      min           = number
      max           = number
    }))
  }))
}

locals {
  web = var.platform["eu"].compute.web
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.web.instance_type
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
resource "aws_launch_template" "api" {
  name_prefix   = "api-"
  image_id      = "ami-12345678"
  instance_type = var.platform.eu.compute["api"].instance_type
}
resource "aws_autoscaling_group" "api" {
  name               = "api"
  min_size           = var.platform["us"].compute["api"].min
  max_size           = 9
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}
