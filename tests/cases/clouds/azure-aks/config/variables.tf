variable "location" {
  type    = string
  default = "Germany West Central"
}

variable "clusters" {
  type = map(object({
    system = object({ size = string, nodes = number })

    pools = map(object({
      size    = string
      nodes   = optional(number)
      scale   = optional(object({ least = number, most = number }))
      windows = optional(bool, false)
    }))
  }))
}
