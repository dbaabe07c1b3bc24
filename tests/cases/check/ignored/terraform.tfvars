one   = "m4.large" # tfopt:ignore licence is bound to it
two   = "m4.large" # tfopt:ignore=denied_families licence is bound to it
three = "m4.large" # tfopt:ignore=max_target_cpu says nothing of types
# tfopt:ignore=target_cpu short jobs
target_cpu = 90
web = {
  min = 3 # tfopt:ignore=size_order set at night
  max = 2
}
