web = { min_size = 1 } # of another configuration
