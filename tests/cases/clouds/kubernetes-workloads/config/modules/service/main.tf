variable "name" {
  type = string
}

variable "service" {
  type = object({
    nodes    = string
    cpu      = string
    memory   = string
    replicas = optional(number)
    scale    = optional(object({ min = number, max = number, cpu = number }))
  })
}

resource "kubernetes_deployment_v1" "this" {
  metadata {
    name      = var.name
    namespace = "shop"
  }

  spec {
    replicas = var.service.replicas

    selector {
      match_labels = { app = var.name }
    }

    template {
      metadata {
        labels = { app = var.name }
      }

      spec {
        node_selector = { "eks.amazonaws.com/nodegroup" = var.service.nodes }

        container {
          name  = var.name
          image = "${var.name}:1"

          resources {
            requests = {
              cpu    = var.service.cpu
              memory = var.service.memory
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_horizontal_pod_autoscaler_v2" "this" {
  count = var.service.scale == null ? 0 : 1

  metadata {
    name      = var.name
    namespace = "shop"
  }

  spec {
    min_replicas = var.service.scale.min
    max_replicas = var.service.scale.max

    scale_target_ref {
      api_version = "apps/v1"
      kind        = "Deployment"
      name        = kubernetes_deployment_v1.this.metadata[0].name
    }

    metric {
      type = "Resource"

      resource {
        name = "cpu"

        target {
          type                = "Utilization"
          average_utilization = var.service.scale.cpu
        }
      }
    }
  }
}
