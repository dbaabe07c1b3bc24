overrides = {
  type = "m5.large"
  max  = 10
}
