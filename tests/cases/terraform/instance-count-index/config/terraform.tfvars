types = ["c5.large", "m5.large", "c5.large"]
