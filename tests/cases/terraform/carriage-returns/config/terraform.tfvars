# Windows
instance_type = "m5.large" # type
min_size      = 2          # count
