variable "secret_type" {
  sensitive = true
  default   = "m4.large"
}

locals {
  type = sensitive("m4.xlarge")
}
