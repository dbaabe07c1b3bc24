variable "groups" {
  type = list(object({
    name = string
    type = string
    size = number
  }))
}

locals {
  groups = { for group in var.groups : group.name => group }
}

resource "aws_launch_template" "this" {
  for_each      = local.groups
  name_prefix   = "${each.key}-"
  image_id      = "ami-12345678"
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "this" {
  for_each           = local.groups
  name               = each.key
  min_size           = each.value.size
  max_size           = each.value.size
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.this[each.key].id
    version = "$Latest"
  }
}
