variable "name" {
  type = string
}

variable "resource_group" {
  type = object({ name = string, location = string })
}

variable "system" {
  type = object({ size = string, nodes = number })
}

variable "pools" {
  type = map(object({
    size    = string
    nodes   = number
    scale   = object({ least = number, most = number })
    windows = bool
  }))
}
