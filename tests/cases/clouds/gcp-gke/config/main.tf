variable "clusters" {
  description = "Node pools of the shop's clusters, by name."
  type        = any
}

variable "tools" {
  type = object({
    machine_type = string
    nodes        = number
  })
}

module "shop" {
  source = "./modules/cluster"

  name       = "shop"
  location   = "us-east1"
  node_pools = var.clusters.shop.node_pools
}

# Small enough for the pool that comes with the cluster.
resource "google_container_cluster" "tools" {
  name               = "tools"
  location           = "us-east1-b"
  initial_node_count = var.tools.nodes

  node_config {
    machine_type = var.tools.machine_type
    disk_size_gb = 40
    disk_type    = "pd-standard"
  }
}

resource "google_container_cluster" "serverless" {
  name             = "serverless"
  location         = "us-east1"
  enable_autopilot = true
}

# Runs already; its number of nodes is moved by hand.
resource "google_container_node_pool" "builds" {
  name     = "builds"
  cluster  = "builds"
  location = "us-east1-c"

  node_count = 1

  node_config {
    machine_type = "c2d-standard-8"
  }

  lifecycle {
    ignore_changes = [node_count]
  }
}
