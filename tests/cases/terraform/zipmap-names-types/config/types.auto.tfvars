types = ["m5.large", "m5.large", "r5.large"]
