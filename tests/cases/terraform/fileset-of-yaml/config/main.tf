locals {
  groups = {
    for name in fileset(path.module, "groups/*.yaml") :
    trimsuffix(basename(name), ".yaml") => yamldecode(file("${path.module}/${name}"))
  }
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
  min_size           = each.value.min
  max_size           = lookup(each.value, "max", 4)
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.this[each.key].id
    version = "$Latest"
  }
}
