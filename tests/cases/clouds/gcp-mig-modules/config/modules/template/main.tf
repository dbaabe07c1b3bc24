variable "name_prefix" {
  type = string
}

variable "machine_type" {
  type    = string
  default = "n1-standard-1"
}

variable "disk_size_gb" {
  type = number
}

resource "google_compute_instance_template" "tpl" {
  name_prefix  = "${var.name_prefix}-"
  machine_type = var.machine_type

  disk {
    source_image = "projects/rocky-linux-cloud/global/images/family/rocky-linux-9-optimized-gcp"
    disk_type    = "pd-balanced"
    disk_size_gb = var.disk_size_gb
    boot         = true
  }

  network_interface {
    network = "default"
  }

  lifecycle {
    create_before_destroy = true
  }
}

output "self_link" {
  value = google_compute_instance_template.tpl.self_link
}
