target_cpu     = 80
web_target_cpu = 0.65
low            = { target_cpu_percent = "55" }
target_value   = 90 # of what is not known
target_cpus    = 90
