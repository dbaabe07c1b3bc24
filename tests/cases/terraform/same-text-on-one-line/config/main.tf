variable "groups" {
  type = map(map(number))
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = element(["m5.large", "m5.large", "m5.large"], 1)
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.groups.web.min
  max_size           = var.groups.web.max
  desired_capacity   = var.groups.web.desired
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
