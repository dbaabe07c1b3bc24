locals {
  regional = { for name, group in var.groups : name => group if group.zone == null }
  zonal    = { for name, group in var.groups : name => group if group.zone != null }
  scaled   = { for name, group in local.regional : name => group.scaling if group.scaling != null }
}

resource "google_compute_instance_template" "app" {
  for_each = var.groups

  name_prefix  = "${each.key}-"
  machine_type = each.value.machine_type

  disk {
    source_image = "debian-cloud/debian-12"
    disk_type    = "pd-balanced"
    disk_size_gb = each.value.disk_gb
    boot         = true
  }

  network_interface {
    network = "default"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_region_instance_group_manager" "app" {
  for_each = local.regional

  name               = each.key
  base_instance_name = each.key
  region             = var.region
  target_size        = each.value.scaling == null ? each.value.size : null

  version {
    instance_template = google_compute_instance_template.app[each.key].self_link_unique
  }

  update_policy {
    type           = "PROACTIVE"
    minimal_action = "REPLACE"
  }
}

resource "google_compute_instance_group_manager" "app" {
  for_each = local.zonal

  name               = each.key
  base_instance_name = each.key
  zone               = each.value.zone
  target_size        = each.value.size

  version {
    instance_template = google_compute_instance_template.app[each.key].self_link_unique
  }
}

resource "google_compute_region_autoscaler" "app" {
  for_each = local.scaled

  name   = each.key
  region = var.region
  target = google_compute_region_instance_group_manager.app[each.key].id

  autoscaling_policy {
    min_replicas    = each.value.min
    max_replicas    = each.value.max
    cooldown_period = 90

    cpu_utilization {
      target = each.value.cpu
    }

    scaling_schedules {
      name                  = "office-hours"
      schedule              = "0 7 * * MON-FRI"
      time_zone             = "Europe/Berlin"
      duration_sec          = 36000
      min_required_replicas = 4
    }
  }
}
