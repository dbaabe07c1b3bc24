settings = {
  min = 2
}
