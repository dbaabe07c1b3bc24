variable "web" {
  type = object({
    type = optional(string)
    min  = optional(number)
  })
}

variable "default_type" {
  type    = string
  default = "m5.large"
}
variable "default_min" {
  type    = number
  default = 2
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.web.type != null ? var.web.type : var.default_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.web.min == null ? var.default_min : var.web.min
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
