type = "m7a.medium"
