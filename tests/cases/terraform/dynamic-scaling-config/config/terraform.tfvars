scaling = { min = 2, max = 2 }
