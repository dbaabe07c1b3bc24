variable "min_replicas" {
  description = "Set by the pipeline, as TF_VAR_min_replicas."
  type        = number
}

variable "max_replicas" {
  type = number
}
