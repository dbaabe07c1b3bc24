variable "web" {
  type = any
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = var.web.types[0]
}

resource "aws_autoscaling_group" "web" {
  min_size = var.web.size.min
  max_size = 9
}
