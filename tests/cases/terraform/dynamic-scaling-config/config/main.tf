variable "scaling" {
  type = object({ min = number, max = number, desired = optional(number) })
}

resource "aws_eks_node_group" "main" {
  cluster_name    = "shop"
  node_group_name = "main"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1"]
  instance_types  = [for type in split(",", "m5.large,m5a.large") : trimspace(type)]

  dynamic "scaling_config" {
    for_each = [var.scaling]
    content {
      min_size     = scaling_config.value.min
      max_size     = scaling_config.value["max"]
      desired_size = coalesce(scaling_config.value.desired, scaling_config.value.min)
    }
  }
}
