variable "instance_type" {
  type      = string
  sensitive = true
}

variable "sizes" {
  type      = map(number)
  sensitive = true
}

locals {
  max = 9
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.sizes["min"]
  max_size           = local.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
