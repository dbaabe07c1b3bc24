resource "aws_autoscaling_group" "web" {
  mixed_instances_policy {
    instances_distribution {
      on_demand_percentage_above_base_capacity = 20
    }
  }
}

resource "aws_autoscaling_group" "half" {
  mixed_instances_policy {
    instances_distribution {
      on_demand_percentage_above_base_capacity = 50
    }
  }
}

resource "aws_eks_node_group" "apps" {
  capacity_type = "SPOT"
}

resource "azurerm_kubernetes_cluster_node_pool" "apps" {
  priority = "Spot"
}

resource "azurerm_network_security_rule" "web" {
  priority = 100
}

variable "capacity_type" {
  default = "SPOT"
}

resource "google_compute_instance_template" "batch" {
  scheduling {
    provisioning_model = var.spot ? "SPOT" : "STANDARD" # by whoever calls it
  }
}
