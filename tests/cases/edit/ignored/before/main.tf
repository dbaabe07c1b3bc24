resource "aws_autoscaling_group" "web" {
  min_size         = 1
  max_size         = 9
  desired_capacity = 6
  lifecycle {
    ignore_changes = [desired_capacity, tags]
  }
}

resource "aws_eks_node_group" "pool" {
  scaling_config {
    min_size     = 2
    desired_size = 2
    max_size     = 4
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_instance" "all" {
  instance_type = "t3.micro"
  lifecycle {
    ignore_changes = all
  }
}
