type = "m5.xlarge" # was bigger
min  = 4