module "eks" {
  source       = "./modules/eks"
  cluster_name = "shop"

  eks_managed_node_group_defaults = {
    instance_types = ["m5.large", "m5a.large"]
    min_size       = 1
  }

  eks_managed_node_groups = {
    general = {
      min_size     = 2
      max_size     = 6
      desired_size = 2
    }

    "spot-2" = {
      instance_types = ["m5.large"]
      capacity_type  = "SPOT"
      max_size       = 10
      desired_size   = 3
    }
  }
}
