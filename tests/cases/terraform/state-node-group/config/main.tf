variable "types" {
  type = list(string)
}

resource "aws_eks_node_group" "apps" {
  cluster_name    = "shop"
  node_group_name = "apps"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1"]
  instance_types  = var.types

  scaling_config {
    desired_size = 3
    min_size     = 1
    max_size     = 6
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_eks_node_group" "kept" {
  cluster_name    = "shop"
  node_group_name = "kept"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1"]
  instance_types  = ["r5.large"]

  scaling_config {
    desired_size = 3
    min_size     = 1
    max_size     = 6
  }

  lifecycle {
    prevent_destroy = true
  }
}
