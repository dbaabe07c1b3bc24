# tfopt: was "c5.xlarge"; 2026-01-01
type = "m5.xlarge" # the web tier

max     = 9 # tfopt:ignore=max the contract says so
min     = 4 # tfopt: was 7; 2026-01-01
desired = 6 # tfopt: was 8; 2026-01-01
