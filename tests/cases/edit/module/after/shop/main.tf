variable "min" {
  type = number
}

variable "max" {
  type = number
}

variable "desired" {
  type    = number
  default = 5
}

resource "aws_launch_template" "web" {
  instance_type = "m7a.large"
}

resource "aws_autoscaling_group" "web" {
  min_size         = var.min
  max_size         = var.max
  desired_capacity = var.desired
}
