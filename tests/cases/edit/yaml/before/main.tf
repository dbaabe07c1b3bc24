locals {
  config = yamldecode(file("${path.module}/config/sizes.yaml"))
}

resource "aws_launch_template" "web" {
  for_each      = local.config.groups
  image_id      = "ami-12345678"
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "web" {
  for_each = local.config.groups
  min_size = each.value.min
  max_size = try(each.value.max, 9)
  launch_template {
    id = aws_launch_template.web[each.key].id
  }
}
