module "web" {
  source        = "./modules/web"
  instance_type = "m5.large"
  min_size      = 2
}

module "api" {
  source        = "./modules/web"
  name          = "api"
  instance_type = "m5.large"
  min_size      = 2
}
