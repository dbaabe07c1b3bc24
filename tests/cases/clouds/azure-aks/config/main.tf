resource "azurerm_resource_group" "shop" {
  name     = "shop"
  location = var.location
}

module "cluster" {
  source   = "./modules/cluster"
  for_each = var.clusters

  name           = each.key
  resource_group = azurerm_resource_group.shop
  system         = each.value.system
  pools          = each.value.pools
}
