web = {
  name        = "shop"
  type        = "m5.xlarge"
  a_long_name = "x"
}
other = { description = "a line that is quite long already, with not much room to its right", type = "t3.nano" }
