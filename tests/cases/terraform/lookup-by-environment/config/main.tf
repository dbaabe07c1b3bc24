variable "env" {
  type    = string
  default = "prod"
}

variable "types" {
  type = map(string)
  default = {
    prod = "m5.large"
    dev  = "t3.small"
  }
}

variable "minimums" {
  type    = map(number)
  default = { dev = 2 }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = lookup(var.types, var.env, "m5.large")
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = lookup(var.minimums, var.env, 2)
  max_size           = 9
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
