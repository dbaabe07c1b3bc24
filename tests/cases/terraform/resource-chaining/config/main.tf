variable "tiers" {
  type = map(object({ type = string, min = number }))
}

resource "aws_launch_template" "tier" {
  for_each      = var.tiers
  name_prefix   = "${each.key}-"
  image_id      = "ami-12345678"
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "tier" {
  for_each           = aws_launch_template.tier
  name               = each.key
  min_size           = var.tiers[each.key].min
  max_size           = 20
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = each.value.id
    version = each.value.latest_version
  }
}
