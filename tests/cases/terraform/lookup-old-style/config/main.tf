variable "instance_type" {
  default = {
    prod = "m5.large"
    dev  = "m5.large"
  }
}

variable "env" {
  default = "dev"
}

variable "max" {
  default = "4"
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = lookup(var.instance_type, var.env)
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 1
  max_size           = var.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
