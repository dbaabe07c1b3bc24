variable "instance_type" {
  description = "Type of the workers, m5.large unless told otherwise."
  type        = string
  default     = "m5.large"
}

resource "aws_launch_configuration" "worker" {
  name_prefix   = "worker-"
  image_id      = "ami-12345678"
  instance_type = var.instance_type
}

resource "aws_autoscaling_group" "worker" {
  name                 = "worker"
  launch_configuration = aws_launch_configuration.worker.name
  min_size             = 1
  max_size             = 1 + 1
  availability_zones   = ["us-east-1a", "us-east-1b"]
}
