types = {
  "m5.xlarge" = "2"
  "m5.large"  = "1"
}
