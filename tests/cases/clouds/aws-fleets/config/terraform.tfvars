capacity = {
  any    = { total = 4, type = "" }
  steady = { total = 4, type = "m5.large" }
}
