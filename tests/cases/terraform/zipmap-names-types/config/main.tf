variable "names" {
  type = list(string)
}
variable "types" {
  type = list(string)
}

resource "aws_instance" "this" {
  for_each      = zipmap(var.names, var.types)
  ami           = "ami-12345678"
  instance_type = each.value
}
