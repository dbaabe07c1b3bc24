locals {
  sizes  = jsondecode(file("./sizes.json"))
  rows   = csvdecode(file("${path.module}/sizes.csv"))
  inline = jsondecode("{\"min\": 2}")
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.sizes["we\u0062"][0].type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.inline.min
  max_size           = local.rows[0].max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
