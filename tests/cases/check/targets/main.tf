resource "aws_autoscaling_policy" "web" {
  target_tracking_configuration {
    target_value = 75

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_policy" "requests" {
  target_tracking_configuration {
    target_value = 1000

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
    }
  }
}

resource "google_compute_autoscaler" "web" {
  autoscaling_policy {
    cpu_utilization {
      target = 0.8
    }
  }
}
