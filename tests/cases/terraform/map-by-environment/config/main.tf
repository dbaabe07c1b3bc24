variable "env" {
  type = string
}

variable "sizes" {
  type = map(string)
  default = {
    dev   = "m5.large"
    prod  = "m5.large"
    prod2 = "m5.large"
  }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.sizes[var.env]
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.mins["${var.env}"]
  max_size           = 9
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}

variable "mins" {
  type = map(number)
}
