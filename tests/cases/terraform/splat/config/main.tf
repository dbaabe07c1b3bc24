variable "pools" {
  type = list(object({ type = string, min = number }))
}

locals {
  types    = var.pools[*].type
  minimums = var.pools.*.min
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.types[1]
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.minimums[length(local.minimums) - 1]
  max_size           = 9
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
