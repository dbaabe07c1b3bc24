env  = "prod"
mins = { dev = 1, prod = 1 }
