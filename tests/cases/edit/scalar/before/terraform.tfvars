region        = "us-east-1"
instance_type = "m5.xlarge"
