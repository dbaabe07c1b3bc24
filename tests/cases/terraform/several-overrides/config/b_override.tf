locals {
  instance_type = "m5.large"
}

module "web" {
  min_size = 2
}
