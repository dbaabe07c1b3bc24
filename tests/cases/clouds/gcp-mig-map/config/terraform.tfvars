region = "europe-west1"

groups = {
  web = {
    machine_type = "n2-standard-4"
    disk_gb      = 30
    scaling = {
      min = 3
      max = 12
      cpu = 0.6
    }
  }
  jobs = {
    machine_type = "e2-standard-4"
    size         = 3
  }
  edge = {
    machine_type = "n2d-highcpu-8"
    size         = 2
    zone         = "europe-west1-c"
  }
}
