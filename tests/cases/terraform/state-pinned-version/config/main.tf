locals {
  type = "m5.large"
}

resource "aws_launch_template" "pinned" {
  name_prefix   = "pinned-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "pinned" {
  name               = "pinned"
  min_size           = 2
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.pinned.id
    version = "1"
  }
}

resource "aws_launch_template" "latest" {
  name_prefix   = "latest-"
  image_id      = "ami-12345678"
  instance_type = local.type
}
resource "aws_autoscaling_group" "latest" {
  name               = "latest"
  min_size           = 2
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.latest.id
    version = "$Latest"
  }
}
