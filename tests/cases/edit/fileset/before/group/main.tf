variable "settings" {
  type = object({ type = string })
}

resource "aws_launch_template" "this" {
  instance_type = var.settings.type
}
