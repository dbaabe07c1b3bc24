locals {
  instance_type = "m5.large"
  other         = 1
}

module "web" {
  source        = "./web"
  instance_type = local.instance_type
  min_size      = 2
}
