groups = {
  api = {
    size = { min = 2, max = 8, desired = 4 }
    ask  = { vcpus = 2, memory_mib = 8192, never = ["*flex*"] }
  }
  web = {
    size = { min = 2, max = 8, desired = 4 } # as many as the api
    ask  = { vcpus = 4, memory_mib = 16384, never = ["*flex*", "t*"] }
  }
}
