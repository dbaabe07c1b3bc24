module "shop" {
  for_each = toset(["paris", "oslo"])
  source   = "./modules/shop"
  name     = each.key
}
