# type = "m5.xlarge"
type = "m5.large"
