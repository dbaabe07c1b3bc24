variable "pools" {
  type = list(object({ tier = string, type = string, on = bool }))
}

locals {
  by_tier = { for pool in var.pools : pool.tier => pool.type... if pool.on }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.by_tier["web"][0]
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = length(local.by_tier["web"])
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
