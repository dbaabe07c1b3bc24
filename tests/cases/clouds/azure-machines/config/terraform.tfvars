ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMk6Vb2mZpQmYk0o6Jt0aXh3m0b8Jm7pZc8S7l5o1uQe vm"

machines = {
  queue = { size = "Standard_D2s_v4", count = 3 }
  sql   = { size = "Standard_E4s_v4", count = 2 }
  mail  = { size = "Standard_F2s" }
}
