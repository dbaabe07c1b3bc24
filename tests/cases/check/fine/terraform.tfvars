web = {
  min = 2
  max = 6
}
