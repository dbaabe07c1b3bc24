platform = {
  us = {
    compute = {
      web = { instance_type = "m5.large", min = 2, max = 6 }
      api = { instance_type = "m5.large", min = 2, max = 6 }
    }
  }
  eu = {
    compute = {
      api = { instance_type = "m5.large", min = 2, max = 6 }
      web = { instance_type = "m5.large", min = 2, max = 6 }
    }
  }
}
