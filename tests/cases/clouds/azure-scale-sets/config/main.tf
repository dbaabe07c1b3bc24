locals {
  ubuntu = {
    publisher = "Canonical"
    offer     = "0001-com-ubuntu-server-jammy"
    sku       = "22_04-lts-gen2"
    version   = "latest"
  }
}

data "terraform_remote_state" "platform" {
  backend = "local"

  config = {
    path = "../platform/terraform.tfstate"
  }
}

resource "azurerm_resource_group" "shop" {
  name     = "shop"
  location = "West Europe"
}

resource "azurerm_linux_virtual_machine_scale_set" "web" {
  name                = "web"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  sku                 = var.sets["web"].size
  instances           = var.sets["web"].instances
  zones               = ["1", "2"]
  admin_username      = "ops"
  upgrade_mode        = "Manual"

  admin_ssh_key {
    username   = "ops"
    public_key = var.ssh_key
  }

  source_image_reference {
    publisher = local.ubuntu.publisher
    offer     = local.ubuntu.offer
    sku       = local.ubuntu.sku
    version   = local.ubuntu.version
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = 64
  }

  network_interface {
    name    = "web"
    primary = true

    ip_configuration {
      name      = "web"
      primary   = true
      subnet_id = data.terraform_remote_state.platform.outputs.subnet_id
    }
  }

  lifecycle {
    ignore_changes = [instances] # autoscale moves it
  }
}

resource "azurerm_monitor_autoscale_setting" "web" {
  name                = "web"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  target_resource_id  = azurerm_linux_virtual_machine_scale_set.web.id

  profile {
    name = "default"

    capacity {
      default = var.sets["web"].bounds.least
      minimum = var.sets["web"].bounds.least
      maximum = var.sets["web"].bounds.most
    }

    rule {
      metric_trigger {
        metric_name        = "Percentage CPU"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.web.id
        time_grain         = "PT1M"
        statistic          = "Average"
        time_window        = "PT5M"
        time_aggregation   = "Average"
        operator           = "GreaterThan"
        threshold          = 70
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = "2"
        cooldown  = "PT5M"
      }
    }

    rule {
      metric_trigger {
        metric_name        = "Percentage CPU"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.web.id
        time_grain         = "PT1M"
        statistic          = "Average"
        time_window        = "PT10M"
        time_aggregation   = "Average"
        operator           = "LessThan"
        threshold          = 30
      }

      scale_action {
        direction = "Decrease"
        type      = "ChangeCount"
        value     = "1"
        cooldown  = "PT10M"
      }
    }
  }
}

resource "azurerm_linux_virtual_machine_scale_set" "worker" {
  name                = "worker"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  sku                 = var.sets["worker"].size
  instances           = var.sets["worker"].instances
  admin_username      = "ops"
  upgrade_mode        = "Rolling"
  health_probe_id     = data.terraform_remote_state.platform.outputs.probe_id

  admin_ssh_key {
    username   = "ops"
    public_key = var.ssh_key
  }

  source_image_reference {
    publisher = local.ubuntu.publisher
    offer     = local.ubuntu.offer
    sku       = local.ubuntu.sku
    version   = local.ubuntu.version
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = 100
  }

  rolling_upgrade_policy {
    max_batch_instance_percent              = 34
    max_unhealthy_instance_percent          = 34
    max_unhealthy_upgraded_instance_percent = 34
    pause_time_between_batches              = "PT1M"
  }

  network_interface {
    name    = "worker"
    primary = true

    ip_configuration {
      name      = "worker"
      primary   = true
      subnet_id = data.terraform_remote_state.platform.outputs.subnet_id
    }
  }
}

resource "azurerm_windows_virtual_machine_scale_set" "desk" {
  name                = "desk"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  sku                 = var.sets["desk"].size
  instances           = data.terraform_remote_state.platform.outputs.desks
  admin_username      = "ops"
  admin_password      = var.desk_password

  source_image_reference {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter-azure-edition"
    version   = "latest"
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = 128
  }

  network_interface {
    name    = "desk"
    primary = true

    ip_configuration {
      name      = "desk"
      primary   = true
      subnet_id = data.terraform_remote_state.platform.outputs.subnet_id
    }
  }
}

resource "azurerm_orchestrated_virtual_machine_scale_set" "api" {
  name                        = "api"
  resource_group_name         = azurerm_resource_group.shop.name
  location                    = azurerm_resource_group.shop.location
  platform_fault_domain_count = 1
  sku_name                    = var.sets["api"].size
  instances                   = var.replicas
  zones                       = ["1"]

  os_profile {
    linux_configuration {
      admin_username = "ops"

      admin_ssh_key {
        username   = "ops"
        public_key = var.ssh_key
      }
    }
  }

  source_image_reference {
    publisher = local.ubuntu.publisher
    offer     = local.ubuntu.offer
    sku       = local.ubuntu.sku
    version   = local.ubuntu.version
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
  }

  network_interface {
    name    = "api"
    primary = true

    ip_configuration {
      name      = "api"
      primary   = true
      subnet_id = data.terraform_remote_state.platform.outputs.subnet_id
    }
  }
}

resource "azurerm_virtual_machine_scale_set" "ledger" {
  name                = "ledger"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  upgrade_policy_mode = "Manual"

  sku {
    name     = var.sets["ledger"].size
    tier     = "Standard"
    capacity = var.sets["ledger"].instances
  }

  storage_profile_image_reference {
    publisher = local.ubuntu.publisher
    offer     = local.ubuntu.offer
    sku       = local.ubuntu.sku
    version   = local.ubuntu.version
  }

  storage_profile_os_disk {
    caching           = "ReadWrite"
    create_option     = "FromImage"
    managed_disk_type = "Standard_LRS"
  }

  os_profile {
    computer_name_prefix = "ledger"
    admin_username       = "ops"
  }

  os_profile_linux_config {
    disable_password_authentication = true

    ssh_keys {
      path     = "/home/ops/.ssh/authorized_keys"
      key_data = var.ssh_key
    }
  }

  network_profile {
    name    = "ledger"
    primary = true

    ip_configuration {
      name      = "ledger"
      primary   = true
      subnet_id = data.terraform_remote_state.platform.outputs.subnet_id
    }
  }

  lifecycle {
    ignore_changes = [sku[0].capacity]
  }
}

resource "azurerm_service_plan" "site" {
  name                = "site"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  os_type             = "Linux"
  sku_name            = "P1v3"
}

resource "azurerm_monitor_autoscale_setting" "site" {
  name                = "site"
  resource_group_name = azurerm_resource_group.shop.name
  location            = azurerm_resource_group.shop.location
  target_resource_id  = azurerm_service_plan.site.id

  profile {
    name = "default"

    capacity {
      default = 2
      minimum = 2
      maximum = 6
    }
  }
}
