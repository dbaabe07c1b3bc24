locals {
  environments = ["dev", "prod"]
  roles        = ["web", "api"]
  types = {
    dev  = "m5.large"
    prod = "m5.large"
  }
  cells = {
    for pair in setproduct(local.environments, local.roles) : "${pair[0]}-${pair[1]}" => {
      type = local.types[pair[0]]
      role = pair[1]
    }
  }
}

resource "aws_instance" "cell" {
  for_each      = local.cells
  ami           = "ami-12345678"
  instance_type = each.value.type
  tags          = { role = each.value.role, env = split("-", each.key)[0] }
}

resource "aws_instance" "other" {
  ami           = "ami-12345678"
  instance_type = "m5.large"
}
