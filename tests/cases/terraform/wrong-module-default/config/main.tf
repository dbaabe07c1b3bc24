variable "instance_type" {
  type    = string
  default = null
}

module "platform" {
  source        = "./platform"
  instance_type = var.instance_type
}
