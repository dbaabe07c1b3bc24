variable "web" {
  type = any
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = var.web.type
}
