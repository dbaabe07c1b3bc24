terraform {
  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
    }
  }
}

variable "name" {
  type = string
}

variable "location" {
  type = string
}

variable "ssh_key" {
  type = string
}

variable "size" {
  type = string
}

variable "metric" {
  type    = string
  default = "Percentage CPU"
}

variable "work" {
  type = object({ days = list(string), zone = string })
}

variable "profiles" {
  type = list(object({ name = string, least = number, most = number, from = number }))
}

resource "azurerm_linux_virtual_machine_scale_set" "this" {
  name                = var.name
  resource_group_name = var.name
  location            = var.location
  sku                 = var.size
  admin_username      = "ops"

  admin_ssh_key {
    username   = "ops"
    public_key = var.ssh_key
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  os_disk {
    caching              = "ReadOnly"
    storage_account_type = "Standard_LRS"

    diff_disk_settings {
      option = "Local"
    }
  }

  network_interface {
    name    = "this"
    primary = true

    ip_configuration {
      name    = "this"
      primary = true
    }
  }

  lifecycle {
    ignore_changes = [instances]
  }
}

resource "azurerm_monitor_autoscale_setting" "this" {
  name                = var.name
  resource_group_name = var.name
  location            = var.location
  target_resource_id  = azurerm_linux_virtual_machine_scale_set.this.id

  dynamic "profile" {
    for_each = var.profiles

    content {
      name = profile.value.name

      capacity {
        default = profile.value.least
        minimum = profile.value.least
        maximum = profile.value.most
      }

      dynamic "rule" {
        for_each = [
          { direction = "Increase", operator = "GreaterThan", threshold = 65, value = 50 },
          { direction = "Decrease", operator = "LessThan", threshold = 25, value = 20 },
        ]

        content {
          metric_trigger {
            metric_name        = var.metric
            metric_resource_id = azurerm_linux_virtual_machine_scale_set.this.id
            time_grain         = "PT1M"
            statistic          = "Average"
            time_window        = "PT5M"
            time_aggregation   = "Average"
            operator           = rule.value.operator
            threshold          = rule.value.threshold
          }

          scale_action {
            direction = rule.value.direction
            type      = "PercentChangeCount"
            value     = rule.value.value
            cooldown  = "PT3M"
          }
        }
      }

      dynamic "recurrence" {
        for_each = profile.value.from == null ? [] : [profile.value.from]

        content {
          timezone = var.work.zone
          days     = var.work.days
          hours    = [recurrence.value]
          minutes  = [0]
        }
      }
    }
  }
}
