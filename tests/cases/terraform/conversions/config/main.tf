variable "min" {
  type    = string
  default = "2"
}

locals {
  types = tolist([(("t3.small")), (("m5\u002elarge")), ])
  max   = tostring(4)
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.types.1
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = tonumber(var.min)
  max_size           = tonumber(local.max)
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
