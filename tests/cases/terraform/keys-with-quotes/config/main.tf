variable "shops" {
  type = map(object({ type = string, min = number }))
}

module "shop" {
  for_each = var.shops
  source   = "./shop"
  type     = each.value.type
  min      = each.value.min
}
