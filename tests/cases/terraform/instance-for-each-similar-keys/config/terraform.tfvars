servers = {
  web-2   = { type = "t3.small", zone = "us-east-1a" }
  web     = { type = "t3.small", zone = "us-east-1a" }
  "web.3" = { type = "t3.medium", zone = "us-east-1b" }
}
