cluster = {
  pools = {
    steady = {
      types    = ["m6i.large"]
      capacity = "ON_DEMAND"
      nodes    = { min = 3, max = 9, desired = 3 }
    }
    cheap = {
      types    = ["m6i.large", "m5.large", "m5a.large"]
      capacity = "SPOT"
      nodes    = { min = 3, max = 9, desired = 6 }
    }
  }
}
