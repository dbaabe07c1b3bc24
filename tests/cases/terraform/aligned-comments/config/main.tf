variable "web" {
  type = object({ instance_type = string, min = number, max = number })
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.web.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.web.min
  max_size           = var.web.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
