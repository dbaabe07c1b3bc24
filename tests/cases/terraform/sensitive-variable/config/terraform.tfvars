instance_type = "x2iezn.metal"
sizes         = { min = 7431 }
