shops = {
  "a.b"       = { type = "m5.large", min = 2 }
  "köln"      = { type = "m5.large", min = 2 }
  "a\"b"      = { type = "m5.large", min = 2 }
  "x[0]"      = { type = "m5.large", min = 2 }
  "new york"  = { type = "m5.large", min = 2 }
  "back\\way" = { type = "m5.large", min = 2 }
}
