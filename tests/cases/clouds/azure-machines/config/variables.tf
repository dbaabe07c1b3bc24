variable "machines" {
  description = "Per role: how many, and of which size."

  type = map(object({
    size  = string
    count = optional(number, 1)
  }))
}

variable "report_size" {
  description = "Set by the pipeline: TF_VAR_report_size."
  type        = string
}

variable "ssh_key" {
  type = string
}

variable "admin_password" {
  type      = string
  sensitive = true
}
