minimums = {
  api = 2
}
limits = {}
