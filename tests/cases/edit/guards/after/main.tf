variable "min" {
  type = number
}

resource "aws_autoscaling_group" "web" {
  count    = var.min > 2 ? 1 : 0
  min_size = var.min
  max_size = 9
}

resource "aws_autoscaling_policy" "steps" {
  step_adjustment {
    scaling_adjustment          = 3
    metric_interval_lower_bound = 10
  }
  step_adjustment {
    scaling_adjustment          = 1
    metric_interval_lower_bound = 0
  }
}

resource "aws_instance" "web" {
  count         = 2 # tfopt: was 3; 2026-08-01
  instance_type = "t3.micro"
}

resource "aws_instance" "typed" {
  for_each      = toset(["t3.micro", "t3.small"])
  instance_type = each.value
}
