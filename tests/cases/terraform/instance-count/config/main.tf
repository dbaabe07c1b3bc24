variable "servers" {
  type    = number
  default = 3
}

variable "server_type" {
  type = string
}

resource "aws_instance" "server" {
  count         = var.servers
  ami           = "ami-12345678"
  instance_type = var.server_type
}
