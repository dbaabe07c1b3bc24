max = 1e1
