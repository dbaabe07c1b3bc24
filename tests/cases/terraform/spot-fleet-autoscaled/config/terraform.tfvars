fleets = {
  encode = {
    type   = "c6i.xlarge"
    target = 6
    bounds = { least = 6, most = 6 }
    cpu    = 50
  }
  render = {
    type   = "c6i.xlarge"
    target = 6
    bounds = { least = 4, most = 20 }
    cpu    = 50
  }
}
