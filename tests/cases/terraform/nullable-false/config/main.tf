variable "min_size" {
  type     = number
  default  = 2
  nullable = false
}

module "web" {
  source        = "./modules/web"
  min_size      = var.min_size
  instance_type = null
}
