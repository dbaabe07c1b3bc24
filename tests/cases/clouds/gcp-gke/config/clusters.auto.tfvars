clusters = {
  shop = {
    node_pools = {
      apps = {
        machine_type = "n2d-standard-4"
        nodes        = 2
      }
      cache = {
        machine_type = "n2-highmem-2"
        nodes        = 1
        zones        = ["us-east1-b", "us-east1-c"]
      }
      queue = {
        machine_type = "t2d-standard-4"
        spot         = true
        min          = 1
        max          = 5
      }
    }
  }
}

tools = {
  machine_type = "e2-standard-4"
  nodes        = 2
}
