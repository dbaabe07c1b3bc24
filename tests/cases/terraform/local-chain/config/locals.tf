locals {
  settings = {
    web = {
      instance_type = var.type
      sizes         = [2, 2 + 2]
    }
    instance_type = "m5.large"
  }
  web_settings = local.settings["web"]
}

variable "type" {
  type = string
}
