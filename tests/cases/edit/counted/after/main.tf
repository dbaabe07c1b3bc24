locals {
  types   = ["t3.small", "t3.small"]
  targets = { web = 65, batch = 50, held = 0 }
}

resource "aws_instance" "web" {
  count         = 12
  instance_type = "m7a.large"
}

resource "aws_instance" "keyed" {
  for_each      = toset(["x", "y"])
  instance_type = var.type
}

variable "type" {
  type = string
}

# one literal each: an edit of one would leave the other behind
resource "aws_instance" "listed" {
  count         = 2
  instance_type = local.types[count.index]
}

resource "aws_autoscaling_policy" "cpu" {
  for_each = { for name, target in local.targets : name => target if target > 0 }
  target_tracking_configuration {
    target_value = each.value
  }
}
