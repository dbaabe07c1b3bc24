max = 9
