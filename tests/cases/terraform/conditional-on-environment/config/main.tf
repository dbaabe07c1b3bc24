variable "env" {
  type    = string
  default = "prod"
}

locals {
  min = var.env == "dev" ? 2 : var.env == "prod" ? 2 : 2
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.env == "prod" ? "m5.large" : "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.min
  max_size           = var.env != "prod" ? 4 : 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
