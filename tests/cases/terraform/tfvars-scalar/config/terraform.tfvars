# web_instance_type = "m5.large"
// web_min = 2
/*
web_instance_type = "m5.large"
*/
web_instance_type = "m5.large" # "m5.large" since March
web_min           = 2
