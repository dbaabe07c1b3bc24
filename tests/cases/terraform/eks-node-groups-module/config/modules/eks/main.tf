variable "cluster_name" {
  type = string
}

variable "eks_managed_node_groups" {
  type    = any
  default = {}
}

variable "eks_managed_node_group_defaults" {
  type    = any
  default = {}
}

module "eks_managed_node_group" {
  source = "./modules/node-group"

  for_each = { for k, v in var.eks_managed_node_groups : k => v if try(v.create, true) }

  name           = try(each.value.name, each.key)
  cluster_name   = var.cluster_name
  min_size       = try(each.value.min_size, var.eks_managed_node_group_defaults.min_size, 1)
  max_size       = try(each.value.max_size, var.eks_managed_node_group_defaults.max_size, 3)
  desired_size   = try(each.value.desired_size, var.eks_managed_node_group_defaults.desired_size, 1)
  instance_types = try(each.value.instance_types, var.eks_managed_node_group_defaults.instance_types, null)
  capacity_type  = try(each.value.capacity_type, var.eks_managed_node_group_defaults.capacity_type, null)
}
