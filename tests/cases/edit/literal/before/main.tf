resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = "m5.xlarge"
}

resource "aws_autoscaling_group" "web" {
  min_size = "4"
  max_size = 9
}
