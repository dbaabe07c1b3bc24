max_replicas = 9
