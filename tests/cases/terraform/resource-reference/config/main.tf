resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 2
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "api" {
  name_prefix   = "api-"
  image_id      = "ami-12345678"
  instance_type = aws_launch_template.web.instance_type
}
resource "aws_autoscaling_group" "api" {
  name               = "api"
  min_size           = aws_autoscaling_group.web.min_size
  max_size           = 8
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}
