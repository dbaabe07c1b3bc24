web = {
  name = "shop"
  # tfopt: a comment that says a great deal about the change, more than fits on the line; was "m5.xlarge"; −38 %, p99 holds; 2026-08-01
  type        = "m7a.large"
  a_long_name = "x"
}
other = { description = "a line that is quite long already, with not much room to its right", type = "t3.nano" }
