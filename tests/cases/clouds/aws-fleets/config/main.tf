variable "capacity" {
  type = map(object({ total = number, type = string }))
}

resource "aws_launch_template" "worker" {
  name_prefix   = "worker-"
  image_id      = "ami-12345678"
  instance_type = var.capacity["steady"].type
}

resource "aws_ec2_fleet" "steady" {
  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }

  target_capacity_specification {
    default_target_capacity_type = "on-demand"
    total_target_capacity        = var.capacity["steady"].total
  }
}

resource "aws_ec2_fleet" "once" {
  type = "instant"

  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }

  target_capacity_specification {
    default_target_capacity_type = "on-demand"
    total_target_capacity        = 2
  }
}

resource "aws_launch_template" "any" {
  name_prefix = "any-"
  image_id    = "ami-12345678"
}

resource "aws_autoscaling_group" "any" {
  name               = "any"
  min_size           = var.capacity["any"].total
  max_size           = var.capacity["any"].total
  desired_capacity   = var.capacity["any"].total
  availability_zones = ["us-east-1a", "us-east-1b"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_percentage_above_base_capacity = 100
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.any.id
        version            = aws_launch_template.any.latest_version
      }

      override {
        instance_requirements {
          allowed_instance_types = ["m5.*", "m5a.*", "m6i.*"]

          vcpu_count {
            min = 4
            max = 4
          }

          memory_mib {
            min = 16384
          }
        }
      }
    }
  }
}

resource "aws_elastic_beanstalk_environment" "shop" {
  name                = "shop"
  application         = "shop"
  solution_stack_name = "64bit Amazon Linux 2023 v4.3.0 running Python 3.12"

  setting {
    namespace = "aws:autoscaling:launchconfiguration"
    name      = "InstanceType"
    value     = "t3.small"
  }

  setting {
    namespace = "aws:autoscaling:asg"
    name      = "MaxSize"
    value     = "4"
  }
}

resource "aws_batch_compute_environment" "night" {
  compute_environment_name = "night"
  type                     = "MANAGED"
  service_role             = "arn:aws:iam::123456789012:role/batch"

  compute_resources {
    type               = "EC2"
    instance_type      = ["c6i.large"]
    instance_role      = "arn:aws:iam::123456789012:instance-profile/batch"
    max_vcpus          = 16
    security_group_ids = ["sg-1"]
    subnets            = ["subnet-1"]
  }
}
