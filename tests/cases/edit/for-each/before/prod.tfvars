pools = {
  web   = { types = ["m5.large", "m5a.large"], min = 2, max = 10 }
  batch = { types = ["c5.xlarge"], min = 3 }
}
