max = 8 # tfopt: was 9; 2026-08-01
