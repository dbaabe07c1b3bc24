variable "server_type" {
  type    = string
  default = "m5.large"
}

resource "aws_instance" "frozen" {
  ami           = "ami-12345678"
  instance_type = "m5.large"

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_instance" "resized" {
  ami           = "ami-12345678"
  instance_type = var.server_type

  lifecycle {
    ignore_changes = [instance_type, ami]
  }
}

resource "aws_instance" "free" {
  ami           = "ami-12345678"
  instance_type = "m5.large"

  lifecycle {
    ignore_changes = [ami, tags["instance_type"]]
  }
}
