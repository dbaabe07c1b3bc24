variable "family" {
  type    = string
  default = "m5"
}
variable "size" {
  type    = string
  default = "large"
}

locals {
  heredoc = chomp(<<-EOT
    m5.large
  EOT
  )
}

resource "aws_launch_template" "template" {
  name_prefix   = "template-"
  image_id      = "ami-12345678"
  instance_type = "${var.family}.${var.size}"
}
resource "aws_autoscaling_group" "template" {
  name               = "template"
  min_size           = 1
  max_size           = 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.template.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "format" {
  name_prefix   = "format-"
  image_id      = "ami-12345678"
  instance_type = format("%s.%s", var.family, "large")
}
resource "aws_autoscaling_group" "format" {
  name               = "format"
  min_size           = 1
  max_size           = 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.format.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "join" {
  name_prefix   = "join-"
  image_id      = "ami-12345678"
  instance_type = join(".", [var.family, var.size])
}
resource "aws_autoscaling_group" "join" {
  name               = "join"
  min_size           = tonumber("${1}0")
  max_size           = 20
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.join.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "replace" {
  name_prefix   = "replace-"
  image_id      = "ami-12345678"
  instance_type = replace("m5-large", "-", ".")
}
resource "aws_autoscaling_group" "replace" {
  name               = "replace"
  min_size           = 1
  max_size           = 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.replace.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "heredoc" {
  name_prefix   = "heredoc-"
  image_id      = "ami-12345678"
  instance_type = local.heredoc
}
resource "aws_autoscaling_group" "heredoc" {
  name               = "heredoc"
  min_size           = 1
  max_size           = 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.heredoc.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "lower" {
  name_prefix   = "lower-"
  image_id      = "ami-12345678"
  instance_type = lower("M5.LARGE")
}
resource "aws_autoscaling_group" "lower" {
  name               = "lower"
  min_size           = 1
  max_size           = 2
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.lower.id
    version = "$Latest"
  }
}
