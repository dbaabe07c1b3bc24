variable "groups" {
  type = map(object({
    type = optional(string, "m5.large")
    min  = optional(number, 2)
    max  = optional(number)
  }))
}
