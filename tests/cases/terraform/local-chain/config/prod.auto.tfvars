type = "m5.large"
