env  = "dev"
mins = { dev = 1, prod = 1 }
