# Two target-tracking policies, on CPU and on requests per target, and steps on the same requests.
resource "aws_lb" "web" {
  name    = "web"
  subnets = ["subnet-1", "subnet-2"]
}

resource "aws_lb_target_group" "web" {
  name     = "web"
  port     = 80
  protocol = "HTTP"
  vpc_id   = "vpc-12345678"
}

resource "aws_launch_configuration" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
  root_block_device {
    volume_size = 30
    volume_type = "gp2"
  }
}

resource "aws_autoscaling_group" "web" {
  name                 = "web"
  min_size             = 2
  max_size             = 16
  vpc_zone_identifier  = ["subnet-1", "subnet-2"]
  launch_configuration = aws_launch_configuration.web.name
  target_group_arns    = [aws_lb_target_group.web.arn]
}

resource "aws_autoscaling_policy" "cpu" {
  name                      = "cpu"
  autoscaling_group_name    = aws_autoscaling_group.web.name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 90
  target_tracking_configuration {
    target_value = 50
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_policy" "requests" {
  name                   = "requests"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value     = 6000
    disable_scale_in = true
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.web.arn_suffix}/${aws_lb_target_group.web.arn_suffix}"
    }
  }
}

resource "aws_autoscaling_policy" "burst" {
  name                   = "burst"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "StepScaling"
  adjustment_type        = "ChangeInCapacity"
  step_adjustment {
    metric_interval_lower_bound = 0
    metric_interval_upper_bound = 15000
    scaling_adjustment          = 2
  }
  step_adjustment {
    metric_interval_lower_bound = 15000
    scaling_adjustment          = 4
  }
}

resource "aws_cloudwatch_metric_alarm" "burst" {
  alarm_name  = "burst"
  namespace   = "AWS/ApplicationELB"
  metric_name = "RequestCountPerTarget"
  dimensions = {
    LoadBalancer = aws_lb.web.arn_suffix
    TargetGroup  = aws_lb_target_group.web.arn_suffix
  }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 45000
  period              = 300
  evaluation_periods  = 1
  alarm_actions       = [aws_autoscaling_policy.burst.arn]
}
