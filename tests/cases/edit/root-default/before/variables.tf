variable "instance_type" {
  description = "size"
  type        = string
  default     = "m5.xlarge"
}
