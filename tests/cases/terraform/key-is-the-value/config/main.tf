resource "aws_instance" "by_type" {
  for_each      = toset(["m5.large", "c5.large"])
  ami           = "ami-12345678"
  instance_type = each.value
}
