variable "web" {
  type = object({ type = string, min = number, min_west = number })
}

module "east" {
  source        = "./web"
  instance_type = var.web.type
  min_size      = var.web.min
}

module "west" {
  source        = "./web"
  instance_type = var.web.type
  min_size      = var.web.min_west

  providers = {
    aws = aws.west
  }
}
