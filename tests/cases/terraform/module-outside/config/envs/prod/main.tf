module "web" {
  source   = "../../modules/web"
  min_size = 2
}
