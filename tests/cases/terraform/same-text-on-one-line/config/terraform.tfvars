groups = { api = { min = 2, desired = 2, max = 2 }, web = { desired = 2, min = 2, max = 2 } } # 2 each
