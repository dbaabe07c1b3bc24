min_size = null
