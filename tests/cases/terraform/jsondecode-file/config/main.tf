locals {
  sizes = jsondecode(file("${path.module}/data/sizes.json"))
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.sizes.web.instance_type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.sizes["web"]["min"]
  max_size           = local.sizes.web.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
