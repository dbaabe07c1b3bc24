locals {
  instance_type = "m5.large"
  size          = 2
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.instance_type
}
resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.size
  max_size           = 6
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "api" {
  name_prefix   = "api-"
  image_id      = "ami-12345678"
  instance_type = local.instance_type
}
resource "aws_autoscaling_group" "api" {
  name               = "api"
  min_size           = local.size
  max_size           = 6
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}

resource "aws_instance" "canary" {
  ami           = "ami-12345678"
  instance_type = "t3.small"
  tags          = { like = local.instance_type }
}

output "size" {
  value = local.size
}
