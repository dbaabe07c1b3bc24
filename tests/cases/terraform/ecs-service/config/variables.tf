variable "api" {
  type = object({
    count = number
    max   = number
    cpu   = number
  })
}
