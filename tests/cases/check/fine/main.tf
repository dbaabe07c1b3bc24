resource "aws_autoscaling_group" "web" {
  min_size         = 2
  max_size         = 6
  desired_capacity = 3
}

resource "aws_launch_template" "web" {
  instance_type = "m7a.large"
}
