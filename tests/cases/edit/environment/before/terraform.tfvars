web = {
  type = "m5.xlarge"
  min  = 3
}
