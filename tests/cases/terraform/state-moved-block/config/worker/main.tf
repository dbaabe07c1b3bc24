variable "type" {
  type = string
}

resource "aws_instance" "this" {
  ami           = "ami-12345678"
  instance_type = var.type
}
