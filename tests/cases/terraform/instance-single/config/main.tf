resource "aws_instance" "bastion" {
  ami           = "ami-12345678"
  instance_type = "t3.small"
}

resource "aws_instance" "runner" {
  ami           = "ami-12345678"
  instance_type = "t3.small"
}
