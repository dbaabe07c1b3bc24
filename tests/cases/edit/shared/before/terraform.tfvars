type = "m5.xlarge"
