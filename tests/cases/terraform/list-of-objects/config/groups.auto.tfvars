groups = [
  {
    name = "zebra"
    type = "m5.large"
    size = 2
  },
  {
    name = "ant"
    type = "m5.large"
    size = 2
  },
]
