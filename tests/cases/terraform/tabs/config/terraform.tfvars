web = {
	type = "m5.large"
	min  = 2
}
