region     = "us-east-1"
ami_id     = "ami-0123456789abcdef0" # golden image, baked weekly
subnet_ids = ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2", "subnet-0aaaaaaaaaaaaaaa3"]

web = {
  instance_type = "m5.xlarge" # sized in 2021
  min           = 6           # two per zone
  max           = 24
  target_cpu    = 40 # lowered after the spring sale
}

# Workers: raised twice during the feed incident, never lowered again.
worker_instance_type = "c5.2xlarge"
worker_min_size      = 4
worker_max_size      = 16
worker_target_cpu    = 50
