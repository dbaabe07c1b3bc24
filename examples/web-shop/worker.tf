# Image resizing and the nightly feed export.

module "worker" {
  source = "./modules/worker"

  name          = "shop-worker"
  ami_id        = var.ami_id
  subnet_ids    = var.subnet_ids
  instance_type = var.worker_instance_type
  min_size      = var.worker_min_size
  max_size      = var.worker_max_size
  target_cpu    = var.worker_target_cpu
}
