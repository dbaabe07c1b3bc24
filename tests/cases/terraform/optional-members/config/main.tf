resource "aws_launch_template" "this" {
  for_each      = var.groups
  name_prefix   = "${each.key}-"
  image_id      = "ami-12345678"
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "this" {
  for_each           = var.groups
  name               = each.key
  min_size           = each.value.min
  max_size           = coalesce(each.value.max, 8)
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.this[each.key].id
    version = "$Latest"
  }
}
