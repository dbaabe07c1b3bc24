variable "jobs_min" {
  default = 1
}

resource "aws_autoscaling_group" "web" {
  min_size = 1
  max_size = 3
}
