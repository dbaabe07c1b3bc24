variable "type" {}
variable "min" {}
variable "max" {}
variable "desired" {}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = var.type
}

resource "aws_autoscaling_group" "web" {
  min_size         = var.min
  max_size         = var.max
  desired_capacity = var.desired
}
