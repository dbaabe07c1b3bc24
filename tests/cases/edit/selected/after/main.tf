variable "env" {
  type = string
}

variable "overrides" {
  type    = map(number)
  default = {}
}

locals {
  types = {
    prod = "m7a.large" # tfopt: was m5.xlarge; 2026-08-01
    dev  = "t3.small"
  }
  sizes = merge({ min = 1, max = 9 }, var.env == "prod" ? { min = 2 } : {}) # tfopt: was 12, 4; 2026-08-01
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  instance_type = lookup(local.types, var.env, "t3.nano")
}

resource "aws_autoscaling_group" "web" {
  min_size         = local.sizes.min
  max_size         = try(var.overrides.max, local.sizes["max"])
  desired_capacity = coalesce(null, 5) # tfopt: was 6; 2026-08-01
}
