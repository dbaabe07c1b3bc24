variable "servers" {
  type = map(object({ type = string, zone = string }))
}

resource "aws_instance" "this" {
  for_each          = var.servers
  ami               = "ami-12345678"
  instance_type     = each.value.type
  availability_zone = each.value.zone
}
