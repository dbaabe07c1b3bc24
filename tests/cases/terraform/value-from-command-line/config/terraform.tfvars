instance_type = "m5.large"
min_size      = 3
max_size      = 9
