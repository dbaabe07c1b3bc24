locals {
  files  = fileset("${path.module}/groups", "*.{yaml,yml}")
  groups = { for f in local.files : split(".", basename(f))[0] => yamldecode(file("groups/${f}")) }
  made   = yamldecode(templatefile("made.yaml.tftpl", { size = "micro" }))
}

module "group" {
  source   = "./group"
  for_each = local.groups
  settings = each.value
}

resource "aws_launch_template" "made" {
  instance_type = local.made.type
}
