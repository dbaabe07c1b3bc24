variable "servers" {
  type = object({
    web = object({
      machine_type = string
      count        = number
    })
    batch = map(object({
      machine_type = string
      zone         = string
    }))
    admin = object({
      machine_type = string
    })
  })
}

variable "database_type" {
  type    = string
  default = "n2-highmem-4"
}
