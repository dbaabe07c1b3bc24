tiers = {
  web = { type = "m5.large", min = 2 }
  api = { type = "m5.large", min = 2 }
}
