variable "create" {
  type = bool
  default = true
}
variable "create_launch_template" {
  type = bool
  default = true
}
variable "name" {
  type = string
}
variable "instance_type" {
  type = string
  default = null
}
variable "min_size" {
  type = number
  default = null
}
variable "max_size" {
  type = number
  default = 3
}
variable "desired_capacity" {
  type = number
  default = null
}
variable "availability_zones" {
  type = list(string)
  default = null
}
variable "ignore_desired_capacity_changes" {
  type = bool
  default = false
}
variable "use_mixed_instances_policy" {
  type = bool
  default = false
}
variable "mixed_instances_policy" {
  type = any
  default = null
}
variable "launch_template_id" {
  type = string
  default = null
}
variable "launch_template_version" {
  type = string
  default = null
}
variable "scaling_policies" {
  type = any
  default = {}
}
