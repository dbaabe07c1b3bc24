variable "type" {
  description = "r6i.large"
  default     = "r5.large"

  validation {
    condition     = contains(["r5.large", "r6i.large"], var.type)
    error_message = "r5.large or r6i.large"
  }
}

locals {
  sizes = { web = var.big ? "m5.xlarge" : "x1e.xlarge" }
}

resource "aws_launch_template" "web" {
  instance_type = var.type == "r5.large" ? "r5.xlarge" : lookup(local.sizes, "web", "r5.2xlarge")
  tags          = { Was = "r5.4xlarge" }
}
