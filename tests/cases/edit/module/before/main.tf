variable "max" {
  type = number
}

locals {
  cities = { paris = { min = 4 }, rome = { min = 1 } }
}

module "shop" {
  source   = "./shop"
  for_each = local.cities
  min      = each.value.min
  max      = var.max
}
