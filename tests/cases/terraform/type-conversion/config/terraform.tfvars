web = {
  type = "m5.large"
  min  = "2"
  max  = 1e1
}
desired = 3
