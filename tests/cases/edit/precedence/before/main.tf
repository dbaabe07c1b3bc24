variable "type" {
  default = "t3.nano"
}

variable "max" {
  type = number
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = var.type
}

resource "aws_autoscaling_group" "web" {
  min_size = 1
  max_size = var.max
}
