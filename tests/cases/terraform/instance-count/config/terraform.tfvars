server_type = "t3.small"
