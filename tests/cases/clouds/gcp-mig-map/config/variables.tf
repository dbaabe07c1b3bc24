variable "region" {
  type = string
}

variable "groups" {
  description = "The shop's instance groups by name; without `scaling` a group has `size` instances."
  type = map(object({
    machine_type = string
    disk_gb      = optional(number, 20)
    size         = optional(number)
    zone         = optional(string)
    scaling = optional(object({
      min = number
      max = number
      cpu = number
    }))
  }))
}
