pools = {
  web   = { types = ["m7g.large", "m5a.large"], min = 2, max = 10 }
  batch = { types = ["c5.xlarge"], min = 1 } # tfopt: was 3; 2026-08-01
}
