servers = {
  web = {
    machine_type = "e2-standard-2"
    count        = 3
  }
  batch = {
    nightly = {
      machine_type = "n2-custom-6-18432"
      zone         = "europe-west4-a"
    }
    hourly = {
      machine_type = "n2-highcpu-4"
      zone         = "europe-west4-b"
    }
  }
  admin = {
    machine_type = "e2-standard-4"
  }
}
