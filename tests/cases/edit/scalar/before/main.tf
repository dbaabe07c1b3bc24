variable "instance_type" {
  type = string
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = var.instance_type
}
