services = {
  shop = {
    nodes  = "apps"
    cpu    = "1500m"
    memory = "3Gi"
    scale  = { min = 4, max = 40, cpu = 55 }
  }
  mail = {
    nodes    = "apps"
    cpu      = "500m"
    memory   = "512Mi"
    replicas = 6
  }
}
