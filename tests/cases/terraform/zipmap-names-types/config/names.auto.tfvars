names = ["web", "api", "db"]
