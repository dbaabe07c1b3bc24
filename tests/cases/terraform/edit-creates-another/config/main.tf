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
}

resource "aws_instance" "canary" {
  count         = var.min > 2 ? 1 : 0
  ami           = "ami-12345678"
  instance_type = "t3.small"
}
