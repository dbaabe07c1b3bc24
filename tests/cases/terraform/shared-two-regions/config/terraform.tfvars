web = { type = "m5.large", min = 2, min_west = 2 }
