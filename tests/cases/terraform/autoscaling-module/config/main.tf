module "asg" {
  source  = "terraform-aws-modules/autoscaling/aws"
  version = "7.4.0"

  name               = "web"
  min_size           = 2
  max_size           = 8
  instance_type      = "m5.large"
  availability_zones = ["us-east-1a"]

  use_mixed_instances_policy = true
  mixed_instances_policy = {
    instances_distribution = {
      on_demand_base_capacity = 1
    }
    override = [
      { instance_type = "m5.large", weighted_capacity = "1" },
      { instance_type = "m5a.large" },
    ]
  }

  scaling_policies = {
    cpu = {
      policy_type = "TargetTrackingScaling"
      target_tracking_configuration = {
        predefined_metric_specification = {
          predefined_metric_type = "ASGAverageCPUUtilization"
        }
        target_value = 50.0
      }
    }
  }
}

module "plain" {
  source  = "terraform-aws-modules/autoscaling/aws"
  version = "7.4.0"

  name               = "plain"
  instance_type      = "m5.large"
  min_size           = 1
  availability_zones = ["us-east-1a"]
}
