variable "settings" {
  type = object({
    type = string
    min  = number
    max  = optional(number, 4)
  })
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.settings.type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.settings.min
  max_size           = var.settings.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
