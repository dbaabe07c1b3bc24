variable "max" {
  type = number
}

locals {
  cities = { paris = { min = 2 }, rome = { min = 1 } } # tfopt: was 4; 2026-08-01
}

module "shop" {
  source   = "./shop"
  for_each = local.cities
  min      = each.value.min
  max      = var.max
  desired  = 4
}
