pools = [
  { tier = "web", type = "m5.large", on = false },
  { tier = "api", type = "m5.large", on = true },
  { tier = "web", type = "m5.large", on = true },
  { tier = "web", type = "m5.large", on = true },
]
