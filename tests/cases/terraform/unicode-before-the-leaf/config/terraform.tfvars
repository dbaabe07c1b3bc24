# größer 🚀 naïve façade
web = { note = "läuft 🚀 m5.large", type = "m5.large", min = 2 } # – ½
