instance_type = "m5.large"
max_size      = 4
