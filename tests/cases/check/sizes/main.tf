variable "jobs_min" {
  default = 5
}

variable "jobs_max" {
  default = 4
}

resource "aws_eks_node_group" "apps" {
  scaling_config {
    min_size     = 2
    desired_size = 9
    max_size     = 8
  }
}

resource "aws_autoscaling_group" "web" {
  min_size         = 4
  max_size         = "8"
  desired_capacity = 3
}

resource "aws_autoscaling_schedule" "night" {
  min_size         = 3
  max_size         = -1 # left as it is
  desired_capacity = -1
}
