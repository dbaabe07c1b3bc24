web = { min = 9, max = 3 }

worker_min = 3
worker_max = 2

min_size  = 3
max_count = 1 # of something else

pools = [{ minimum = 1, maximum = 0.5 }]
