variable "types" {
  type = list(string)
}

resource "aws_autoscaling_group" "web" {
  max_size = 1
  min_size = 1
  mixed_instances_policy {
    launch_template {
      dynamic "override" {
        for_each = [for type in var.types : { type = type }]
        iterator = o
        content {
          instance_type = o.value.type
        }
      }
    }
  }
}
