candidates = {
  second = { type = "m5.large", weight = 1 }
  first  = { type = "m5.large", weight = 1 }
}
