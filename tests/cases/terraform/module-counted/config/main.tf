variable "cells" {
  type = list(object({ type = string, min = number }))
}

module "cell" {
  count    = length(var.cells)
  source   = "./cell"
  settings = var.cells[count.index]
}
