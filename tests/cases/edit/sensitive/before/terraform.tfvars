token = "m5.xlarge"
