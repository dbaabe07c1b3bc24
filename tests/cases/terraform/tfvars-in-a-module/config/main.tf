module "web" {
  source   = "./web"
  min_size = 2
}
