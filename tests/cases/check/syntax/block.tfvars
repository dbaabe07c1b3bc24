size = 1
web {
  min = 1
}
