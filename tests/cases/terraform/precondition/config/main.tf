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
  max_size           = 9
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }

  lifecycle {
    precondition {
      condition     = var.min <= 4
      error_message = "At most 4."
    }
  }
}
