# Predictive scaling before the hour, target tracking behind it, stopped instances kept ready.
locals {
  name = "checkout"
}

resource "aws_launch_template" "this" {
  name_prefix   = "${local.name}-"
  image_id      = "ami-12345678"
  instance_type = "c6i.xlarge"
  monitoring {
    enabled = true
  }
}

resource "aws_autoscaling_group" "this" {
  name               = local.name
  min_size           = 2
  max_size           = 24
  availability_zones = ["us-east-1a", "us-east-1b"]
  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }
  warm_pool {
    pool_state                  = "Stopped"
    min_size                    = 2
    max_group_prepared_capacity = 16
    instance_reuse_policy {
      reuse_on_scale_in = true
    }
  }
}

resource "aws_autoscaling_policy" "predictive" {
  name                   = "${local.name}-predictive"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "PredictiveScaling"
  predictive_scaling_configuration {
    mode                         = "ForecastAndScale"
    scheduling_buffer_time       = "600"
    max_capacity_breach_behavior = "IncreaseMaxCapacity"
    max_capacity_buffer          = "10"
    metric_specification {
      target_value = 50
      predefined_load_metric_specification {
        predefined_metric_type = "ASGTotalCPUUtilization"
      }
      predefined_scaling_metric_specification {
        predefined_metric_type = "ASGAverageCPUUtilization"
      }
    }
  }
}

resource "aws_autoscaling_policy" "trial" {
  name                   = "${local.name}-trial"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "PredictiveScaling"
  predictive_scaling_configuration {
    metric_specification {
      target_value = 40
      predefined_metric_pair_specification {
        predefined_metric_type = "ASGCPUUtilization"
      }
    }
  }
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "${local.name}-cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value = 60
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
