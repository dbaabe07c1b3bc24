variable "web" {
  type = object({ instance_type = string, min = number, max = number, desired = number })
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = var.web.instance_type
}

resource "aws_autoscaling_group" "web" {
  min_size         = var.web.min
  max_size         = var.web.max
  desired_capacity = var.web["desired"]
  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
