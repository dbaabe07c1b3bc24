variable "name" {
  type = string
}

variable "instance_template" {
  type = string
}

variable "target_size" {
  type = number
}

variable "autoscaling" {
  type    = bool
  default = false
}

variable "min_replicas" {
  type    = number
  default = 1
}

variable "max_replicas" {
  type    = number
  default = 10
}

variable "cpu" {
  type    = list(object({ target = number }))
  default = []
}

resource "google_compute_region_instance_group_manager" "mig" {
  name               = var.name
  base_instance_name = var.name
  target_size        = var.autoscaling ? null : var.target_size

  version {
    instance_template = var.instance_template
  }
}

resource "google_compute_region_autoscaler" "autoscaler" {
  count = var.autoscaling ? 1 : 0

  name   = var.name
  target = google_compute_region_instance_group_manager.mig.self_link

  autoscaling_policy {
    min_replicas = var.min_replicas
    max_replicas = var.max_replicas

    dynamic "cpu_utilization" {
      for_each = var.cpu
      content {
        target            = cpu_utilization.value["target"]
        predictive_method = "OPTIMIZE_AVAILABILITY"
      }
    }
  }
}
