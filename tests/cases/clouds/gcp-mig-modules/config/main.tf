variable "web" {
  type = object({
    machine = object({ type = string, disk_gb = number })
    scaling = object({
      enabled = bool
      size    = number
      bounds  = object({ min = number, max = number })
      cpu     = list(object({ target = number }))
    })
  })
}

module "template" {
  source = "./modules/template"
  providers = {
    google = google.asia
  }

  name_prefix  = "web"
  machine_type = var.web.machine.type
  disk_size_gb = var.web.machine.disk_gb
}

module "mig" {
  source = "./modules/mig"
  providers = {
    google = google.asia
  }

  name              = "web"
  instance_template = module.template.self_link
  target_size       = var.web.scaling.size
  autoscaling       = var.web.scaling.enabled
  min_replicas      = var.web.scaling.bounds.min
  max_replicas      = var.web.scaling.bounds.max
  cpu               = var.web.scaling.cpu
}
