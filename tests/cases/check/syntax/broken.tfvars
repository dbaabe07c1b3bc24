web = {
  min = 2,
  max = [3
}
