locals {
  types = { dev = "t3.small", prod = "m5.large" }
  cells = {
    for pair in setproduct(keys(local.types), ["web", "api"]) : join("-", pair) => pair[0]
  }
}

resource "aws_instance" "cell" {
  for_each      = local.cells
  ami           = "ami-12345678"
  instance_type = local.types[each.value]
}
