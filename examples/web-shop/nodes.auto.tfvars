nodes = {
  cluster  = "shop"
  role_arn = "arn:aws:iam::111122223333:role/shop-nodes"

  instance_types = ["m5.2xlarge"]
  min_size       = 6
  max_size       = 12
  desired_size   = 8 # Black Friday 2022 + 30 %
}
