locals {
  groups = jsondecode(file("${path.root}/groups.json")).groups
}

resource "aws_launch_template" "web" {
  for_each      = local.groups
  image_id      = "ami-12345678"
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "web" {
  for_each = local.groups
  min_size = each.value.min
  max_size = try(each.value.max, 9)
  launch_template {
    id = aws_launch_template.web[each.key].id
  }
}
