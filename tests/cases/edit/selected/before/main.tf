variable "env" {
  type = string
}

variable "overrides" {
  type    = map(number)
  default = {}
}

locals {
  types = {
    prod = "m5.xlarge"
    dev  = "t3.small"
  }
  sizes = merge({ min = 1, max = 12 }, var.env == "prod" ? { min = 4 } : {})
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = lookup(local.types, var.env, "t3.nano")
}

resource "aws_autoscaling_group" "web" {
  min_size         = local.sizes.min
  max_size         = try(var.overrides.max, local.sizes["max"])
  desired_capacity = coalesce(null, 6)
}
