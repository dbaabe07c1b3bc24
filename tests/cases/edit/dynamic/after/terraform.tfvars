types = [
  "m5.large",  # first choice
  "m7a.large", # tfopt: was m5a.large; 2026-08-01
  "m4.large",  # last
]
