# Step scaling out and in, each set off by an alarm of its own; a simple policy for emergencies.
variable "pools" {
  type = map(object({ type = string, min = number, max = number, high = number, low = number }))
  default = {
    api = { type = "m6i.large", min = 2, max = 20, high = 60, low = 30 }
    web = { type = "m7a.xlarge", min = 3, max = 30, high = 70, low = 35 }
  }
}

resource "aws_launch_template" "pool" {
  for_each      = var.pools
  name_prefix   = "${each.key}-"
  image_id      = "ami-12345678"
  instance_type = each.value.type
  monitoring {
    enabled = true
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 50
      volume_type = "gp3"
    }
  }
}

resource "aws_autoscaling_group" "pool" {
  for_each             = var.pools
  name_prefix          = "${each.key}-"
  min_size             = each.value.min
  max_size             = each.value.max
  availability_zones   = ["us-east-1a", "us-east-1b", "us-east-1c"]
  default_cooldown     = 180
  termination_policies = ["OldestLaunchTemplate", "OldestInstance"]
  launch_template {
    id      = aws_launch_template.pool[each.key].id
    version = "$Latest"
  }
}

resource "aws_autoscaling_policy" "out" {
  for_each                  = var.pools
  name                      = "${each.key}-out"
  autoscaling_group_name    = aws_autoscaling_group.pool[each.key].name
  policy_type               = "StepScaling"
  adjustment_type           = "PercentChangeInCapacity"
  min_adjustment_magnitude  = 2
  estimated_instance_warmup = 120
  step_adjustment {
    metric_interval_lower_bound = 0
    metric_interval_upper_bound = 15
    scaling_adjustment          = 20
  }
  step_adjustment {
    metric_interval_lower_bound = 15
    scaling_adjustment          = 50
  }
}

resource "aws_autoscaling_policy" "in" {
  for_each               = var.pools
  name                   = "${each.key}-in"
  autoscaling_group_name = aws_autoscaling_group.pool[each.key].name
  policy_type            = "StepScaling"
  adjustment_type        = "ChangeInCapacity"
  step_adjustment {
    metric_interval_upper_bound = 0
    scaling_adjustment          = -1
  }
}

resource "aws_autoscaling_policy" "surge" {
  name                   = "surge"
  autoscaling_group_name = aws_autoscaling_group.pool["api"].name
  adjustment_type        = "ExactCapacity"
  scaling_adjustment     = 20
  cooldown               = 900
}

resource "aws_cloudwatch_metric_alarm" "high" {
  for_each            = var.pools
  alarm_name          = "${each.key}-high"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.pool[each.key].name }
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.high
  period              = 60
  evaluation_periods  = 2
  alarm_actions       = [aws_autoscaling_policy.out[each.key].arn]
}

resource "aws_cloudwatch_metric_alarm" "low" {
  for_each            = var.pools
  alarm_name          = "${each.key}-low"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.pool[each.key].name }
  statistic           = "Average"
  comparison_operator = "LessThanOrEqualToThreshold"
  threshold           = each.value.low
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 8
  alarm_actions       = [aws_autoscaling_policy.in[each.key].arn]
}

resource "aws_cloudwatch_metric_alarm" "flood" {
  alarm_name          = "flood"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.pool["api"].name }
  statistic           = "Average"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 95
  period              = 300
  evaluation_periods  = 1
  alarm_actions = [
    aws_autoscaling_policy.surge.arn,
    "arn:aws:sns:us-east-1:123456789012:on-call",
  ]
}
