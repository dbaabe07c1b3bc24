variable "base" {
  type    = number
  default = 2
}
variable "floor" {
  type    = number
  default = 4
}
variable "ceiling" {
  type    = number
  default = 8
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = max(var.floor, 2)
  max_size           = min(var.ceiling, 10)
  desired_capacity   = var.base * 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "api" {
  name_prefix   = "api-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}
resource "aws_autoscaling_group" "api" {
  name               = "api"
  min_size           = ceil(var.base / 1.5)
  max_size           = length(["a", "b", "c"])
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}
