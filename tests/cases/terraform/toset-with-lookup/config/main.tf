variable "names" {
  type    = list(string)
  default = ["web", "api", "db"]
}
variable "default_type" {
  type    = string
  default = "m5.large"
}

variable "types" {
  type    = map(string)
  default = { db = "r5.large", web = null }
}

resource "aws_instance" "this" {
  for_each      = toset(var.names)
  ami           = "ami-12345678"
  instance_type = coalesce(lookup(var.types, each.key, null), var.default_type)
}
