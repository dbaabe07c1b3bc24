web = {
  instance_type = "m5.large" # burst
  min           = 2          # night
  max           = 9          # peak

  # min = 2
}
