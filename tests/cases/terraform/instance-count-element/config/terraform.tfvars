types = [
  "m5.large",
  "m5.xlarge",
]
