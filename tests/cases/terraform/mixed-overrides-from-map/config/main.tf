variable "types" {
  type = map(string)
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "t3.micro"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 1
  max_size           = 4
  availability_zones = ["us-east-1a"]

  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.web.id
        version            = "$Latest"
      }

      dynamic "override" {
        for_each = var.types
        content {
          instance_type     = override.key
          weighted_capacity = override.value
        }
      }
    }
  }
}
