resource "aws_eks_node_group" "main" {
  cluster_name    = "shop"
  node_group_name = "main"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1", "subnet-2"]
  instance_types  = ["m5.large", "m5a.large", "m5.large"]

  scaling_config {
    desired_size = 3
    min_size     = 3
    max_size     = 3
  }
}
