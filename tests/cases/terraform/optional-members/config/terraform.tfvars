groups = {
  web = {
    type = "m5.large"
    min  = 2
  }
  api = { type = "m5.large" }
  db = {
    min = 2 # two are enough
    max = 8
  }
}
