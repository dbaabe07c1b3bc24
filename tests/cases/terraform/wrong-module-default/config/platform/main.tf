variable "instance_type" {
  type    = string
  default = "m5.large"
}

locals {
  fallback = "m5.large"
}

module "web" {
  source        = "./web"
  instance_type = var.instance_type
}
