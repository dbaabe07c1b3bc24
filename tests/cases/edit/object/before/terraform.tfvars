web = {
  instance_type = "m5.xlarge" # sized in 2021
  min           = 4
  max           = 12
  desired       = 6 // keep in step
}
