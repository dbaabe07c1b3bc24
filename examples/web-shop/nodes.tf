# Catalogue and checkout APIs run on this node group; nothing scales it.

resource "aws_eks_node_group" "apps" {
  cluster_name           = var.nodes.cluster
  node_group_name_prefix = "apps-"
  node_role_arn          = var.nodes.role_arn
  subnet_ids             = var.subnet_ids
  instance_types         = var.nodes.instance_types

  scaling_config {
    min_size     = var.nodes.min_size
    max_size     = var.nodes.max_size
    desired_size = var.nodes.desired_size
  }

  lifecycle {
    create_before_destroy = true
  }
}
