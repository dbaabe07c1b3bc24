resource "google_compute_instance_template" "api" {
  name         = "api"
  machine_type = "n2-custom-4-12288"

  disk {
    source_image = "debian-cloud/debian-12"
    boot         = true
  }

  network_interface {
    network = "default"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_instance_group_manager" "api" {
  name               = "api"
  base_instance_name = "api"
  zone               = "us-central1-b"

  version {
    instance_template = google_compute_instance_template.api.self_link
  }
}

resource "google_compute_autoscaler" "api" {
  name   = "api"
  zone   = "us-central1-b"
  target = google_compute_instance_group_manager.api.id

  autoscaling_policy {
    min_replicas = var.min_replicas
    max_replicas = var.max_replicas

    load_balancing_utilization {
      target = 0.8
    }
  }
}

# Kept for the next blue-green change.
resource "google_compute_instance_template" "spare" {
  name_prefix  = "spare-"
  machine_type = "e2-standard-2"

  disk {
    source_image = "debian-cloud/debian-12"
    boot         = true
  }

  network_interface {
    network = "default"
  }
}

# Of a group that another configuration has.
resource "google_compute_autoscaler" "legacy" {
  name   = "legacy"
  zone   = "us-central1-b"
  target = "https://www.googleapis.com/compute/v1/projects/shop-prod/zones/us-central1-b/instanceGroupManagers/legacy"

  autoscaling_policy {
    min_replicas = 1
    max_replicas = 4

    cpu_utilization {
      target = 0.6
    }
  }
}
