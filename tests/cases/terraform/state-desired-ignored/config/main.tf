variable "desired" {
  type    = number
  default = 2
}
variable "min" {
  type    = number
  default = 2
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.min
  max_size           = 10
  desired_capacity   = var.desired
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}
