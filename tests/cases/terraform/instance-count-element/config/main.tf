variable "types" {
  type = list(string)
}

resource "aws_instance" "node" {
  count         = 3
  ami           = "ami-12345678"
  instance_type = element(var.types, count.index)
}
