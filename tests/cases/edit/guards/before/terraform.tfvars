min = 4
