variable "enabled" {
  type    = bool
  default = true
}
variable "env" {
  type    = string
  default = "prod"
}

resource "aws_launch_template" "web" {
  count         = var.enabled ? 1 : 0
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  count              = var.enabled ? 1 : 0
  name               = "web"
  min_size           = 1
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = one(aws_launch_template.web[*].id)
    version = "$Latest"
  }
}

resource "aws_instance" "worker" {
  count         = var.env == "prod" ? 3 : 3
  ami           = "ami-12345678"
  instance_type = "t3.small"
}
