cells = [
  { type = "m5.large", min = 2 },
  { type = "m5.large", min = 2 },
]
