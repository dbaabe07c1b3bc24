variable "type" {
  type = string
}

locals {
  type = var.type
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = local.type
}

resource "aws_instance" "canary" {
  count         = 2
  instance_type = var.type
}

resource "aws_instance" "big" {
  instance_type = var.type == "m5.xlarge" ? "m5.4xlarge" : "m5.2xlarge"
}

resource "aws_instance" "steady" {
  instance_type = var.type == "t2.nano" ? "m5.4xlarge" : "m5.2xlarge"
}

resource "aws_instance" "hashed" {
  instance_type = "t3.nano"
  user_data     = base64gzip(var.type)
}

module "side" {
  source = "./side"
  type   = var.type
}
