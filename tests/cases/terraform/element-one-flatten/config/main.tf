locals {
  types  = ["m5.large", "m5.xlarge", "m5.large"]
  nested = [[1], [2, 3], []]
  limit  = [for size in [2, 8] : size if size > 4]
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = element(local.types, 3)
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = flatten(local.nested)[1]
  max_size           = one(local.limit)
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
