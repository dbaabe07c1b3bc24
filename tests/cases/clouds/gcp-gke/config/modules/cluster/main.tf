variable "name" {
  type = string
}

variable "location" {
  type = string
}

variable "node_pools" {
  type = any
}

resource "google_container_cluster" "this" {
  name     = var.name
  location = var.location

  remove_default_node_pool = true
  initial_node_count       = 1
}

resource "google_container_node_pool" "this" {
  for_each = var.node_pools

  name           = each.key
  cluster        = google_container_cluster.this.id
  location       = var.location
  node_locations = try(each.value.zones, null)

  node_count         = try(each.value.nodes, null)
  initial_node_count = try(each.value.min, null)

  node_config {
    machine_type = each.value.machine_type
    spot         = try(each.value.spot, false)
    disk_size_gb = 100
    disk_type    = "pd-balanced"
  }

  dynamic "autoscaling" {
    for_each = can(each.value.max) ? [each.value] : []
    content {
      min_node_count = autoscaling.value.min
      max_node_count = autoscaling.value.max
    }
  }
}
