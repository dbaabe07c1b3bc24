web = {
  type = "m5.large"
  min  = "2"
  max  = 10
}
desired = 3
