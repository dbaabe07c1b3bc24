min_size = 6 # of every tier
