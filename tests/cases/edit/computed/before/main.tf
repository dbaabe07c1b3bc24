variable "n" {
  default = 2
}

resource "aws_launch_template" "web" {
  instance_type = "m5.${var.n > 1 ? "large" : "small"}"
}

resource "aws_autoscaling_group" "web" {
  min_size = var.n * 2
  max_size = max(var.n, 8)
}

resource "aws_instance" "hashed" {
  instance_type = base64sha512(var.n)
}
