defaults = { type = "m5.large", min = 2 }
shops = {
  paris = { type = "m5.large" }
  oslo  = { type = "m5.large" }
  rome  = { min = "2" }
}
