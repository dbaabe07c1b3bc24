default_min = 6

tiers = {
  api = {
    instance_type = "m5.xlarge"
  }
  feed = {
    instance_type = "m5.xlarge"
  }
}
