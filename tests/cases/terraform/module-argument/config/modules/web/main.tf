variable "name" {
  type    = string
  default = "web"
}
variable "instance_type" {
  type    = string
  default = "m5.large"
}
variable "min_size" {
  type    = number
  default = 2
}
variable "max_size" {
  type    = number
  default = 10
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.min_size
  max_size           = var.max_size
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
