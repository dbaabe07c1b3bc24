variable "base" {
  type    = number
  default = 1
}

variable "minimums" {
  type = map(number)
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = lookup(var.minimums, "web", var.base * 2)
  max_size           = try(var.limits.web, var.base + 3)
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}

variable "limits" {
  type = any
}
