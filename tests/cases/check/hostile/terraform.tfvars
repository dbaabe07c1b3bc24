web = { "\u001b[31mred" = "m4.large", "‮evil" = "m4.large" }
