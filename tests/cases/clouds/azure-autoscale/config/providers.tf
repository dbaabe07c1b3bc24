terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {
    virtual_machine_scale_set {
      roll_instances_when_required = false
    }
  }
}

provider "azurerm" {
  alias           = "south"
  subscription_id = "00000000-0000-0000-0000-000000000001"

  features {}
}
