resource "aws_launch_template" "web" {
  instance_type = "m5.large"
}

variable "max_size" {
  default = 4
}
