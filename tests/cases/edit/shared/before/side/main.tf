variable "type" {}

resource "aws_spot_fleet_request" "s" {
  launch_specification {
    instance_type = var.type
  }
}
