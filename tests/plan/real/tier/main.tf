terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" {
  type = string
}

variable "size" {
  type = number
}

variable "password" {
  type      = string
  sensitive = true
}

resource "aws_launch_configuration" "this" {
  name_prefix   = var.name
  image_id      = "ami-12345678"
  instance_type = "c5.large"
  user_data     = var.password
}

resource "aws_autoscaling_group" "this" {
  min_size             = var.size
  max_size             = var.size
  desired_capacity     = var.size
  vpc_zone_identifier  = ["subnet-1", "subnet-2", "subnet-3"]
  launch_configuration = aws_launch_configuration.this.name
}
