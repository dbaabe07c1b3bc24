types = ["m5.large"]
