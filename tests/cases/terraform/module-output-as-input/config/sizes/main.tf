variable "env" {
  type = string
}

locals {
  by_env = {
    dev  = { instance_type = "m5.large", min = 2 }
    prod = { instance_type = "m5.large", min = 2 }
  }
}

output "instance_type" {
  value = local.by_env[var.env].instance_type
}

output "all" {
  value = local.by_env[var.env]
}
