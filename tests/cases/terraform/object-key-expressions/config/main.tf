locals {
  env  = "prod"
  prod = "x"
  types = {
    (local.env)       = { "instance.type" = "m5.large", instance_type = "m5.large" }
    dev               = { "instance.type" = "m5.large", instance_type = "m5.large" }
    "${local.env}-eu" = { "instance.type" = "m5.large", instance_type = "m5.large" }
  }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.types.prod["instance.type"]
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 2
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "api" {
  name_prefix   = "api-"
  image_id      = "ami-12345678"
  instance_type = local.types["prod-eu"].instance_type
}
resource "aws_autoscaling_group" "api" {
  name               = "api"
  min_size           = 2
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}
