resource "aws_instance" "web" {
  instance_type = "m5.xlrge"
}

resource "aws_eks_node_group" "apps" {
  instance_types = ["m6a.large", "m6a.13xlarge"]
}

resource "google_compute_instance_template" "web" {
  machine_type = "n2-standrd-4"
}

resource "azurerm_linux_virtual_machine" "web" {
  size = "Standrd_D4s_v5"
}

resource "azurerm_linux_virtual_machine_scale_set" "web" {
  sku = "Standard_D4s_v55"
}

# may be right: unlisted families, custom types, types of other services, a size of something else
resource "aws_instance" "new" {
  instance_type = "m9q.large"
}

resource "aws_instance" "mac" {
  instance_type = "mac2.metal"
}

resource "google_compute_instance" "custom" {
  machine_type = "n2-custom-4-8192"
}

resource "azurerm_managed_disk" "data" {
  sku = "Standard_D4s_v55"
}
