variable "instance_type" {
  type    = string
  default = "m5.large"
}
