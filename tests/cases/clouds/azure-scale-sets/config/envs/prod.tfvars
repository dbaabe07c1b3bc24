ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMk6Vb2mZpQmYk0o6Jt0aXh3m0b8Jm7pZc8S7l5o1uQe web"

sets = {
  web = {
    size      = "Standard_D4s_v3"
    instances = 4
    bounds    = { least = 4, most = 12 }
  }

  worker = {
    size      = "Standard_E4s_v3"
    instances = 3 # one for each queue
  }

  desk   = { size = "Standard_D4s_v4" }
  api    = { size = "Standard_D4s_v4" }
  ledger = { size = "Standard_D4_v3", instances = 3 }
}
