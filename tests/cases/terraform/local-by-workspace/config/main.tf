locals {
  types = {
    production = "m5.large"
    default    = "m5.large"
  }
  minimums = {
    production = 2
  }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.types[terraform.workspace]
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = try(local.minimums[terraform.workspace], 2)
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
