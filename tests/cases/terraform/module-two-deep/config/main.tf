variable "instance_type" {
  type    = string
  default = "m5.large"
}
variable "min_size" {
  type    = number
  default = 2
}

module "platform" {
  source        = "./modules/platform"
  instance_type = var.instance_type
}
