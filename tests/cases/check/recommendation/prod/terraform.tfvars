# by hand since it was recommended
web = {
  instance_type = "m5.2xlarge"
  min_size      = 1
  max_size      = 10
  target_cpu    = 75
}

apps = {
  instance_types = ["m7a.large", "m5.large"] # as proven; the second was not recommended
  desired        = 5
  max            = 7 # neither less safe nor dearer
}

assumed_min = 5
