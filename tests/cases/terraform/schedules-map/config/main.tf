variable "web" {
  type = object({
    min       = number
    max       = number
    schedules = map(object({ recurrence = string, min = number, max = number }))
  })
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.web.min
  max_size           = var.web.max
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}

resource "aws_autoscaling_schedule" "web" {
  for_each               = var.web.schedules
  scheduled_action_name  = each.key
  autoscaling_group_name = aws_autoscaling_group.web.name
  recurrence             = each.value.recurrence
  min_size               = each.value.min
  max_size               = coalesce(each.value.max, var.web.max)
}
