variable "regions" {
  type    = object({ home = string, away = string })
  default = { home = "eu-central-1", away = "us-west-2" }
}

variable "web" {
  type    = object({ instance_type = string, min = number, max = number, cpu = number })
  default = { instance_type = "m5.xlarge", min = 2, max = 8, cpu = 60 }
}

variable "types" {
  type    = map(number)
  default = { "m5.large" = 1, "m5.xlarge" = 2 }
}

variable "tiers" {
  type    = map(number)
  default = { "paris.1" = 2 }
}

variable "workers" {
  type    = number
  default = 3
}

variable "secret" {
  type      = string
  sensitive = true
}

variable "tier_password" { # not declared sensitive here, but what it feeds is
  type = string
}
