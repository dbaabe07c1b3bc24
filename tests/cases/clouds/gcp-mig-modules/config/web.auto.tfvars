web = {
  machine = { type = "c2d-standard-4", disk_gb = 10 }
  scaling = {
    enabled = true
    size    = 2
    bounds  = { min = 2, max = 6 }
    cpu     = [{ target = 0.55 }]
  }
}
