fleets = {
  crawl = {
    total     = 12
    on_demand = 4
    types     = { "m5.large" = 1, "m5.xlarge" = 2, "m6i.large" = 1 }
  }
  index = {
    total = 12
    types = { "r6i.xlarge" = 1, "r5.xlarge" = 1 }
  }
}
