data "azurerm_subnet" "machines" {
  name                 = "machines"
  virtual_network_name = "shop"
  resource_group_name  = "network"
}

resource "azurerm_resource_group" "shop" {
  name     = "shop"
  location = "westeurope"
}

resource "azurerm_linux_virtual_machine" "queue" {
  count = var.machines["queue"].count

  name                  = "queue-${count.index}"
  resource_group_name   = azurerm_resource_group.shop.name
  location              = azurerm_resource_group.shop.location
  size                  = var.machines["queue"].size
  zone                  = tostring(count.index % 3 + 1)
  admin_username        = "ops"
  network_interface_ids = ["${data.azurerm_subnet.machines.id}/queue-${count.index}"]

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
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = 32
  }
}

resource "azurerm_linux_virtual_machine" "report" {
  name                  = "report"
  resource_group_name   = azurerm_resource_group.shop.name
  location              = azurerm_resource_group.shop.location
  size                  = var.report_size
  admin_username        = "ops"
  network_interface_ids = ["${data.azurerm_subnet.machines.id}/report"]

  admin_ssh_key {
    username   = "ops"
    public_key = var.ssh_key
  }

  source_image_reference {
    publisher = "RedHat"
    offer     = "RHEL"
    sku       = "9-lvm-gen2"
    version   = "latest"
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
  }
}

resource "azurerm_windows_virtual_machine" "sql" {
  count = var.machines["sql"].count

  name                  = "sql-${count.index}"
  resource_group_name   = azurerm_resource_group.shop.name
  location              = azurerm_resource_group.shop.location
  size                  = var.machines["sql"].size
  license_type          = "Windows_Server"
  admin_username        = "ops"
  admin_password        = var.admin_password
  network_interface_ids = ["${data.azurerm_subnet.machines.id}/sql-${count.index}"]

  source_image_reference {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter"
    version   = "latest"
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = 127
  }

  lifecycle {
    ignore_changes = [size]
  }
}

resource "azurerm_virtual_machine" "mail" {
  name                          = "mail"
  resource_group_name           = azurerm_resource_group.shop.name
  location                      = azurerm_resource_group.shop.location
  vm_size                       = var.machines["mail"].size
  delete_os_disk_on_termination = true
  network_interface_ids         = ["${data.azurerm_subnet.machines.id}/mail"]

  storage_image_reference {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "latest"
  }

  storage_os_disk {
    name              = "mail"
    caching           = "ReadWrite"
    create_option     = "FromImage"
    disk_size_gb      = 30
    managed_disk_type = "Standard_LRS"
  }

  os_profile {
    computer_name  = "mail"
    admin_username = "ops"
  }

  os_profile_linux_config {
    disable_password_authentication = true

    ssh_keys {
      path     = "/home/ops/.ssh/authorized_keys"
      key_data = var.ssh_key
    }
  }
}
