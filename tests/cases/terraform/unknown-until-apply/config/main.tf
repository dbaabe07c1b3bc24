resource "terraform_data" "size" {
  input = "m5.large"
}

data "aws_ec2_instance_type_offering" "this" {
  filter {
    name   = "instance-type"
    values = [terraform_data.size.output]
  }
  preferred_instance_types = ["m5.large"]
}

resource "aws_launch_template" "web" {
  name_prefix   = "web-"
  image_id      = "ami-12345678"
  instance_type = terraform_data.size.output
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 2
  max_size           = 4
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}
resource "aws_launch_template" "api" {
  name_prefix   = "api-"
  image_id      = "ami-12345678"
  instance_type = data.aws_ec2_instance_type_offering.this.instance_type
}
resource "aws_autoscaling_group" "api" {
  name               = "api"
  min_size           = 2
  max_size           = 8
  availability_zones = ["us-east-1a"]

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}
