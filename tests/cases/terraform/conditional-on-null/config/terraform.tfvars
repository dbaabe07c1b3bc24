web = { type = "m5.large" }
