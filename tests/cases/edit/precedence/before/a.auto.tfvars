type = "t3.medium"
