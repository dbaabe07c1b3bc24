max_size = 9
