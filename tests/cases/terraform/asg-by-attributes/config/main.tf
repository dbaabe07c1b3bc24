variable "groups" {
  type = map(object({
    size = object({ min = number, max = number, desired = number })
    ask  = object({ vcpus = number, memory_mib = number, never = list(string) })
  }))
}

resource "aws_launch_template" "web" {
  for_each    = var.groups
  name_prefix = "${each.key}-"
  image_id    = "ami-12345678"
}

resource "aws_autoscaling_group" "web" {
  for_each           = var.groups
  name               = each.key
  min_size           = each.value.size.min
  max_size           = each.value.size.max
  desired_capacity   = each.value.size.desired
  availability_zones = ["us-east-1a", "us-east-1b"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = 1
      on_demand_percentage_above_base_capacity = 50
      spot_allocation_strategy                 = "price-capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.web[each.key].id
        version            = aws_launch_template.web[each.key].latest_version
      }

      override {
        instance_requirements {
          cpu_manufacturers       = ["intel", "amd"]
          excluded_instance_types = each.value.ask.never

          vcpu_count {
            min = each.value.ask.vcpus
            max = each.value.ask.vcpus * 2
          }

          memory_mib {
            min = each.value.ask.memory_mib
          }
        }
      }
    }
  }
}
