variable "sets" {
  description = "Scale sets of this environment."

  type = map(object({
    size      = string
    instances = optional(number)
    bounds    = optional(object({ least = number, most = number }))
  }))
}

variable "replicas" {
  description = "Instances of the API; the pipeline sets it with -var."
  type        = number
}

variable "ssh_key" {
  type = string
}

variable "desk_password" {
  type      = string
  sensitive = true
}
