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

variable "min_size" {
  type = number
}

locals {
  instance_type = "m5.xlarge" # one type everywhere
}

module "api" {
  source = "./modules/tier"

  name          = "api"
  instance_type = local.instance_type
  min_size      = var.min_size
}

module "feed" {
  source = "./modules/tier"

  name          = "feed"
  instance_type = local.instance_type
  min_size      = var.min_size
}
