api = {
  count = 2
  max   = 20
  cpu   = 60
}
