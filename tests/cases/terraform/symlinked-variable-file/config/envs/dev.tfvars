instance_type = "m5.large"
min_size      = 2
