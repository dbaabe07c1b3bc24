variable "preferred" {
  type    = list(string)
  default = []
}

locals {
  fallback = ["t3.small", "m5.large", "m5.large", "c5.large"]
  types    = distinct(concat(var.preferred, slice(local.fallback, 1, 4)))
}

resource "aws_eks_node_group" "main" {
  cluster_name    = "shop"
  node_group_name = "main"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1"]
  instance_types  = local.types

  scaling_config {
    desired_size = 2
    min_size     = values({ b = 7, a = 2 })[0]
    max_size     = index(["x", "y", "z"], "z") + 2
  }
}
