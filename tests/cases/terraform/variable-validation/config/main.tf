variable "instance_type" {
  type = string

  validation {
    condition     = contains(["m5.large", "m6i.large"], var.instance_type)
    error_message = "Only m5.large and m6i.large are approved."
  }
}

variable "min_size" {
  type    = number
  default = 2

  validation {
    condition     = var.min_size >= 2 && var.min_size <= 6
    error_message = "Between 2 and 6."
  }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.min_size
  max_size           = 8
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
