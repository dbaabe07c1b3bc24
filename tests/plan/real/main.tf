# Every AWS group that is read, in one configuration; planned by the tests with the real provider.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

provider "aws" {
  region                      = var.regions.home
  access_key                  = "test"
  secret_key                  = var.secret
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "west"
  region                      = var.regions.away
  access_key                  = "test"
  secret_key                  = var.secret
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

module "tier" {
  source    = "./tier"
  for_each  = var.tiers
  providers = { aws = aws.west }
  name      = each.key
  size      = each.value
  password  = var.tier_password
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = var.web.instance_type
  user_data     = base64encode(var.secret)
  monitoring {
    enabled = true
  }
}

resource "aws_autoscaling_group" "web" {
  name                    = "web"
  min_size                = var.web.min
  max_size                = var.web.max
  availability_zones      = ["eu-central-1a", "eu-central-1b"]
  default_instance_warmup = 120
  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }
  instance_refresh {
    strategy = "Rolling"
  }
  tag {
    key                 = "owner"
    value               = var.secret
    propagate_at_launch = true
  }
}

resource "aws_autoscaling_policy" "web" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value     = var.web.cpu
    disable_scale_in = true
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_schedule" "morning" {
  scheduled_action_name  = "morning"
  autoscaling_group_name = aws_autoscaling_group.web.name
  recurrence             = "0 7 * * 1-5"
  time_zone              = "Europe/Berlin"
  min_size               = 3
  max_size               = -1
}

resource "aws_autoscaling_schedule" "launch_day" {
  scheduled_action_name  = "launch-day"
  autoscaling_group_name = aws_autoscaling_group.web.name
  start_time             = "2030-01-01T00:00:00Z"
  min_size               = 9
}

resource "aws_autoscaling_group" "mixed" {
  name               = "mixed"
  min_size           = 2
  max_size           = 20
  desired_capacity   = 4
  availability_zones = ["eu-central-1a"]
  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = 2
      on_demand_percentage_above_base_capacity = 25
    }
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.web.id
        version            = "1"
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

resource "aws_eks_node_group" "apps" {
  cluster_name    = "main"
  node_group_name = "apps"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1", "subnet-2"]
  instance_types  = ["m6i.large", "m5.large"]
  capacity_type   = "SPOT"
  scaling_config {
    min_size     = 1
    max_size     = 6
    desired_size = 2
  }
}

resource "aws_eks_node_group" "plain" {
  cluster_name    = "main"
  node_group_name = "plain"
  node_role_arn   = "arn:aws:iam::123456789012:role/node"
  subnet_ids      = ["subnet-1"]
  scaling_config {
    min_size     = 1
    max_size     = 1
    desired_size = 1
  }
}

resource "aws_instance" "counted" {
  count         = var.workers
  ami           = "ami-12345678"
  instance_type = "t3.small"
  monitoring    = true
}

resource "aws_instance" "keyed" {
  for_each      = { "a.b" = "c5.large", "c\"d" = "c5.xlarge" }
  ami           = "ami-12345678"
  instance_type = each.value
}

resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_task_definition" "api" {
  family                   = "api"
  cpu                      = 512
  memory                   = "1 GB"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name = "api", image = "nginx", environment = [{ name = "PASSWORD", value = var.secret }]
  }])
}

resource "aws_ecs_service" "api" {
  name            = "api"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.api.arn
  desired_count   = 3
  launch_type     = "FARGATE"
  network_configuration {
    subnets = ["subnet-1"]
  }
}

resource "aws_appautoscaling_target" "api" {
  min_capacity       = 2
  max_capacity       = 12
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.api.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "api" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.api.resource_id
  scalable_dimension = aws_appautoscaling_target.api.scalable_dimension
  service_namespace  = aws_appautoscaling_target.api.service_namespace
  target_tracking_scaling_policy_configuration {
    target_value = 55
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  resource_id        = aws_appautoscaling_target.api.resource_id
  scalable_dimension = aws_appautoscaling_target.api.scalable_dimension
  service_namespace  = aws_appautoscaling_target.api.service_namespace
  schedule           = "cron(0 22 ? * MON-FRI *)"
  timezone           = "Europe/Berlin"
  scalable_target_action {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_launch_template" "unused" {
  name          = "unused"
  instance_type = "m5.large"
}

resource "aws_lambda_function" "hook" {
  function_name = "hook"
  role          = "arn:aws:iam::123456789012:role/hook"
  image_uri     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/hook:1"
  package_type  = "Image"
}

output "secret" {
  value     = var.secret
  sensitive = true
}
