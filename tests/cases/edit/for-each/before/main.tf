variable "pools" {
  type = map(object({ types = list(string), min = number, max = optional(number, 9) }))
}

resource "aws_eks_node_group" "pool" {
  for_each       = var.pools
  node_role_arn  = "arn:aws:iam::123456789012:role/node"
  instance_types = each.value.types
  scaling_config {
    min_size     = each.value.min
    max_size     = each.value.max
    desired_size = each.value["min"]
  }
}
