secret_type = "m4.2xlarge"
