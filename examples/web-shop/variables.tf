variable "region" {
  type    = string
  default = "us-east-1"
}

variable "ami_id" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}

variable "web" {
  description = "The storefront tier."
  type = object({
    instance_type = string
    min           = number
    max           = number
    target_cpu    = number # percent
  })
}

variable "nodes" {
  description = "The EKS node group that runs the catalogue and checkout APIs."
  type = object({
    cluster        = string
    role_arn       = string
    instance_types = list(string)
    min_size       = number
    max_size       = number
    desired_size   = number
  })
}

variable "worker_instance_type" {
  type = string
}

variable "worker_min_size" {
  type = number
}

variable "worker_max_size" {
  type = number
}

variable "worker_target_cpu" {
  type    = number
  default = 50
}
