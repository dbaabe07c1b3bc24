resource "aws_eks_node_group" "this" {
  for_each = {
    apps  = "m5.xlarge"
    batch = "c5.2xlarge"
  }

  cluster_name    = "shop"
  node_group_name = each.key
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1", "subnet-2"]
  instance_types  = [each.value]

  scaling_config {
    min_size     = 3
    desired_size = 3
    max_size     = 12
  }

  tags = {
    "k8s.io/cluster-autoscaler/enabled" = "true"
  }
}

module "service" {
  source   = "./modules/service"
  for_each = var.services

  name    = each.key
  service = each.value
}

resource "kubernetes_deployment" "admin" {
  metadata {
    name      = "admin"
    namespace = "shop"
  }

  spec {
    replicas = var.admin_replicas

    selector {
      match_labels = { app = "admin" }
    }

    template {
      metadata {
        labels = { app = "admin" }
      }

      spec {
        node_selector = { "node.kubernetes.io/instance-type" = "c5.2xlarge" }

        container {
          name  = "admin"
          image = "admin:1.4"

          resources {
            limits = { cpu = "2", memory = "2Gi" }
          }
        }

        container {
          name  = "proxy"
          image = "proxy:2"

          resources {
            requests = { cpu = "250m", memory = "256Mi" }
            limits   = { cpu = "1" }
          }
        }
      }
    }
  }
}

resource "kubernetes_deployment" "legacy" {
  metadata {
    name = "legacy"
  }

  spec {
    replicas = 3

    selector {
      match_labels = { app = "legacy" }
    }

    template {
      metadata {
        labels = { app = "legacy" }
      }

      spec {
        container {
          name  = "legacy"
          image = "legacy:9"

          resources {
            requests = { cpu = "1" }
          }
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [spec[0].replicas]
  }
}

resource "kubernetes_deployment_v1" "draft" {
  metadata {
    name = "draft"
  }

  spec {
    selector {
      match_labels = { app = "draft" }
    }

    template {
      metadata {
        labels = { app = "draft" }
      }

      spec {
        container {
          name  = "draft"
          image = "draft:1"
        }
      }
    }
  }
}

resource "kubernetes_horizontal_pod_autoscaler_v1" "queue" {
  metadata {
    name = "queue"
  }

  spec {
    max_replicas                      = 5
    target_cpu_utilization_percentage = 60

    scale_target_ref {
      api_version = "apps/v1"
      kind        = "Deployment"
      name        = "queue"
    }
  }
}

resource "kubernetes_stateful_set_v1" "search" {
  metadata {
    name = "search"
  }

  spec {
    service_name = "search"
    replicas     = 3

    selector {
      match_labels = { app = "search" }
    }

    template {
      metadata {
        labels = { app = "search" }
      }

      spec {
        container {
          name  = "search"
          image = "search:8"
        }
      }
    }
  }
}
