# The type is the platform team's choice; the size is moved by hand in the console.

data "terraform_remote_state" "platform" {
  backend = "local"
  config = {
    path = "${path.module}/platform.json"
  }
}

resource "google_compute_region_instance_template" "web" {
  name_prefix  = "web-"
  region       = "us-central1"
  machine_type = data.terraform_remote_state.platform.outputs.machine_type

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

resource "google_compute_region_instance_group_manager" "web" {
  name                      = "web"
  base_instance_name        = "web"
  region                    = "us-central1"
  distribution_policy_zones = ["us-central1-a", "us-central1-f"]
  target_size               = 2

  version {
    instance_template = google_compute_region_instance_template.web.self_link
  }

  lifecycle {
    ignore_changes = [target_size]
  }
}
