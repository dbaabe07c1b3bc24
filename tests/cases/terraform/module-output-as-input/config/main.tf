module "sizes" {
  source = "./sizes"
  env    = "prod"
}

module "web" {
  source        = "./web"
  instance_type = module.sizes.instance_type
  min_size      = module.sizes.all.min
}
