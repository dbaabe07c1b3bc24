types = [
  "m5.large", # first choice
  "m5a.large",
  "m4.large", # last
]
