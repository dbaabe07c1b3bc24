terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region                      = var.region
  access_key                  = "placeholder"
  secret_key                  = "placeholder"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "default_min" {
  type = number
}

variable "tiers" {
  type = map(any)
}

module "tier" {
  source   = "./modules/tier"
  for_each = var.tiers

  name          = each.key
  instance_type = each.value.instance_type
  min_size      = lookup(each.value, "min", var.default_min)
}
