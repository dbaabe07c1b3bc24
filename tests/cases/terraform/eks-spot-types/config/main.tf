variable "cluster" {
  type = object({
    pools = map(object({
      types    = list(string)
      capacity = string
      nodes    = object({ min = number, max = number, desired = number })
    }))
  })
}

resource "aws_eks_node_group" "pool" {
  for_each        = var.cluster.pools
  cluster_name    = "shop"
  node_group_name = each.key
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1", "subnet-2"]
  instance_types  = each.value.types
  capacity_type   = each.value.capacity

  scaling_config {
    min_size     = each.value.nodes.min
    max_size     = each.value.nodes.max
    desired_size = each.value.nodes.desired
  }
}
