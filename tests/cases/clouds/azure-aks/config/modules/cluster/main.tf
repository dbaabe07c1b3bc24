terraform {
  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
    }
  }
}

resource "azurerm_kubernetes_cluster" "this" {
  name                = var.name
  resource_group_name = var.resource_group.name
  location            = var.resource_group.location
  dns_prefix          = var.name

  default_node_pool {
    name                        = "system"
    vm_size                     = var.system.size
    node_count                  = var.system.nodes
    os_disk_size_gb             = 128
    temporary_name_for_rotation = "rotate"
    zones                       = ["1", "2", "3"]
  }

  identity {
    type = "SystemAssigned"
  }

  lifecycle {
    ignore_changes = [default_node_pool[0].node_count]
  }
}

resource "azurerm_kubernetes_cluster_node_pool" "this" {
  for_each = var.pools

  name                  = each.key
  kubernetes_cluster_id = azurerm_kubernetes_cluster.this.id
  vm_size               = each.value.size
  os_type               = each.value.windows ? "Windows" : "Linux"
  node_count            = each.value.nodes
  auto_scaling_enabled  = each.value.scale != null
  min_count             = try(each.value.scale.least, null)
  max_count             = try(each.value.scale.most, null)
  os_disk_type          = "Ephemeral"
}
