variable "defaults" {
  type = object({ type = string, min = number })
}

variable "shops" {
  type = map(any)
}

locals {
  shops = { for name, shop in var.shops : name => merge(var.defaults, shop) }
}

resource "aws_launch_template" "shop" {
  for_each      = local.shops
  name_prefix   = "${each.key}-"
  image_id      = "ami-12345678"
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "shop" {
  for_each           = local.shops
  name               = each.key
  min_size           = each.value.min
  max_size           = 20
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.shop[each.key].id
    version = "$Latest"
  }
}
