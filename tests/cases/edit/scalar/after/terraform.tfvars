region        = "us-east-1"
instance_type = "m7a.large" # tfopt: was "m5.xlarge"; −38 %, p99 holds; 2026-08-01
