web = {
  schedules = {
    morning = { recurrence = "0 7 * * 1-5", min = 2, max = 6 }
    night   = { recurrence = "0 20 * * *", min = 1, max = null }
  }
  min = 2
  max = 6
}
