moved {
  from = aws_instance.old
  to   = aws_instance.web
}

moved {
  from = aws_instance.worker
  to   = module.worker["a"].aws_instance.this
}

resource "aws_instance" "web" {
  ami           = "ami-12345678"
  instance_type = "m5.large"
}

module "worker" {
  for_each = { a = "c5.large", b = "c5.large" }
  source   = "./worker"
  type     = each.value
}
