variable "services" {
  type = map(object({
    nodes    = string
    cpu      = string
    memory   = string
    replicas = optional(number)
    scale    = optional(object({ min = number, max = number, cpu = number }))
  }))
}

variable "admin_replicas" {
  type    = string
  default = "2"
}
