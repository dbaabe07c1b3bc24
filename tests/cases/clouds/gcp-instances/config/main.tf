resource "google_compute_instance" "web" {
  count = var.servers.web.count

  name         = "web-${count.index}"
  machine_type = var.servers.web.machine_type

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
      size  = 20
      type  = "pd-ssd"
    }
  }

  network_interface {
    network = "default"
  }

  allow_stopping_for_update = true
}

resource "google_compute_instance" "batch" {
  for_each = var.servers.batch

  name         = each.key
  machine_type = each.value.machine_type
  zone         = each.value.zone

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  network_interface {
    network = "default"
  }
}

# Runs already, and may not be stopped by an apply.
resource "google_compute_instance" "database" {
  name         = "database"
  machine_type = var.database_type

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
      size  = 50
    }
  }

  network_interface {
    network = "default"
  }
}

resource "google_compute_instance_template" "admin" {
  name_prefix  = "admin-"
  machine_type = var.servers.admin.machine_type

  disk {
    source_image = "debian-cloud/debian-12"
    boot         = true
  }

  network_interface {
    network = "default"
  }
}

resource "google_compute_instance_from_template" "admin" {
  name = "admin"

  source_instance_template = google_compute_instance_template.admin.self_link_unique
}

# Renders pictures: its price is not known.
resource "google_compute_instance" "render" {
  name         = "render"
  machine_type = "n1-standard-8"

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  guest_accelerator {
    type  = "nvidia-tesla-t4"
    count = 1
  }

  network_interface {
    network = "default"
  }

  scheduling {
    on_host_maintenance = "TERMINATE"
  }
}
