web = {
  instance_type = "m5.xlarge" # as it was
  min_size      = 4           # as proven
  max_size      = "12"
  target_cpu    = 60.0
}
