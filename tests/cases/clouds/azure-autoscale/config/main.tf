locals {
  work = {
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    zone = "W. Europe Standard Time"
  }

  shop = {
    size = "Standard_D2s_v3"

    profiles = [
      { name = "default", least = 2, most = 10, from = null },
      { name = "day", least = 4, most = 10, from = 7 },
      { name = jsonencode({ name = "default", for = "day" }), least = 2, most = 10, from = 20 },
    ]
  }
}

module "shop" {
  source = "./modules/set"

  name     = "shop"
  location = "westeurope"
  ssh_key  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMk6Vb2mZpQmYk0o6Jt0aXh3m0b8Jm7pZc8S7l5o1uQe shop"
  size     = local.shop.size
  work     = local.work
  profiles = local.shop.profiles
}

module "search" {
  source = "./modules/set"

  providers = {
    azurerm = azurerm.south
  }

  name     = "search"
  location = "eastus"
  ssh_key  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMk6Vb2mZpQmYk0o6Jt0aXh3m0b8Jm7pZc8S7l5o1uQe search"
  size     = "Standard_E2s_v3"
  work     = local.work
  metric   = "Inbound Flows"
  profiles = [{ name = "default", least = 2, most = 4, from = null }]
}
