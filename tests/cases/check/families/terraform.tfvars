groups = {
  old    = { instance_type = "m4.large" }
  memory = { instance_type = "r6i.large" }
  arm    = { types = ["m6i.large", "t4g.large"] }
  google = { machine_type = "e2-standard-4" }
  azure  = { vm_size = "Standard_E4s_v5" }
  fine   = { machine_type = "n2-standard-4", vm_size = "Standard_D4s_v5" }
}
database = "db.r6i.large" # no type of an instance group
