variable "types" {
  type = list(string)
}

resource "aws_instance" "node" {
  count         = length(var.types)
  ami           = "ami-12345678"
  instance_type = var.types[count.index]
}
