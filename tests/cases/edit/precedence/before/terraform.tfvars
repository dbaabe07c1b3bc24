type = "t3.micro"
max  = 3
