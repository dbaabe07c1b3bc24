locals {
  group = "m5.large"
  size  = 2
  groups = {
    web = { type = "m5.large", size = 2 }
    api = { type = "m5.large", size = 2 }
  }
  built = { for name, group in local.groups : name => {
    type  = group.type
    sizes = [for size in [group.size, local.size * 4] : size]
  } }
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = local.built["web"].type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = local.built.web.sizes[0]
  max_size           = local.built.web.sizes[1]
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
