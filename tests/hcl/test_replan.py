"""The real Terraform as referee: what the tracer claims is what a new plan says."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.replan import Loop, close_the_loop

from tfopt.hcl.trace import Target

pytestmark = pytest.mark.terraform

HEAD = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""

SHOP = """
variable "sizes" {
  type = map(object({ type = string, min = number, max = optional(number, 9) }))
}

variable "env" {
  type    = string
  default = "prod"
}

locals {
  target = { prod = 60, dev = 80 }
}

module "tier" {
  source   = "./tier"
  for_each = var.sizes
  name     = each.key
  size     = each.value
  target   = lookup(local.target, var.env, 50)
}

resource "aws_instance" "canary" {
  ami           = "ami-12345678"
  instance_type = var.sizes["web"].type
}
"""

TIER = """
variable "name" {}

variable "size" {
  type = any
}

variable "target" {
  type = number
}

resource "aws_launch_template" "this" {
  name_prefix   = var.name
  image_id      = "ami-12345678"
  instance_type = var.size.type
}

resource "aws_autoscaling_group" "this" {
  name               = var.name
  min_size           = var.size.min
  max_size           = var.size.max
  availability_zones = ["us-east-1a"]
  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = var.name
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
    target_value = var.target
  }
}
"""

TFVARS = """sizes = {
  web   = { type = "m5.xlarge", min = 4, max = 12 }
  batch = { type = "c5.large", min = 1 } # nights
}
"""

WEB = ('module.tier["web"]',)
BATCH = ('module.tier["batch"]',)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "tier").mkdir(parents=True)
    (folder / "main.tf").write_text(HEAD + SHOP)
    (folder / "tier" / "main.tf").write_text(TIER)
    (folder / "terraform.tfvars").write_text(TFVARS)
    return folder


def planned_moves(loop: Loop) -> set[str]:
    return {str(place[0]) for place in loop.moved}


def test_a_type_behind_a_module_moves_with_its_canary(
    shop: Path, terraform_env: dict[str, str]
) -> None:
    """The shared leaf moves the launch template and the canary, as claimed, and nothing else."""
    target = Target(WEB, "aws_launch_template.this", None, ("instance_type",), "m5.xlarge")
    loop = close_the_loop(shop, target, "m7a.large", terraform_env, "was it; 2026-08-01")
    assert loop.claimed.proven
    assert loop.moved == {
        (target.address, "instance_type"): "m7a.large",
        ("aws_instance.canary", "instance_type"): "m7a.large",
    }
    assert planned_moves(loop) == {target.address, *loop.claimed.also_moves}


def test_a_default_inside_a_type_constraint_moves_one_group(
    shop: Path, terraform_env: dict[str, str]
) -> None:
    """A size that only `optional(number, 9)` gives is edited there; the other group stays."""
    target = Target(BATCH, "aws_autoscaling_group.this", None, ("max_size",), 9)
    loop = close_the_loop(shop, target, 7, terraform_env)
    assert loop.claimed.proven
    assert loop.moved == {(target.address, "max_size"): 7}
    assert loop.claimed.also_moves == ()


def test_a_local_looked_up_moves_both_policies(shop: Path, terraform_env: dict[str, str]) -> None:
    """A literal in a local, passed to two instances of a module, moves both scaling policies."""
    path = ("target_tracking_configuration", 0, "target_value")
    target = Target(WEB, "aws_autoscaling_policy.cpu", None, path, 60)
    loop = close_the_loop(shop, target, 65.5, terraform_env)
    other = 'module.tier["batch"].aws_autoscaling_policy.cpu'
    assert loop.moved == {(target.address, *path): 65.5, (other, *path): 65.5}
    assert loop.claimed.also_moves == (other,)


def test_json_syntax_is_patched_too(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """A literal in a .tf.json resource behind a .tfvars.json variable."""
    folder = tmp_path / "json"
    folder.mkdir()
    (folder / "head.tf").write_text(HEAD)
    (folder / "main.tf.json").write_text(
        '{"variable": {"min": {"type": "number"}},\n "resource": {"aws_launch_template": {"web":'
        ' {"image_id": "ami-12345678", "instance_type": "m5.large"}},\n'
        ' "aws_autoscaling_group": {"web": {"min_size": "${var.min}", "max_size": 9,'
        ' "availability_zones": ["us-east-1a"], "launch_template": {"id":'
        ' "${aws_launch_template.web.id}"}}}}}\n'
    )
    (folder / "terraform.tfvars.json").write_text('{"min": 4}')
    target = Target((), "aws_autoscaling_group.web", None, ("min_size",), 4)
    loop = close_the_loop(folder, target, 2, terraform_env)
    assert loop.moved == {(target.address, "min_size"): 2}


TWICE = """
module "shop" {
  source = "./tier"
}

module "blog" {
  source = "./tier"
}
"""

PLAIN_TIER = """
resource "aws_launch_template" "this" {
  name_prefix   = "tier-"
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}
"""


def test_a_literal_in_a_module_called_twice_moves_both(
    tmp_path: Path, terraform_env: dict[str, str]
) -> None:
    """The two calls read one file: what is written there is no call's own."""
    folder = tmp_path / "twice"
    (folder / "tier").mkdir(parents=True)
    (folder / "main.tf").write_text(HEAD + TWICE)
    (folder / "tier" / "main.tf").write_text(PLAIN_TIER)
    target = Target(
        ("module.shop",), "aws_launch_template.this", None, ("instance_type",), "m5.large"
    )
    loop = close_the_loop(folder, target, "m7a.large", terraform_env)
    assert loop.claimed.proven
    assert loop.claimed.also_moves == ("module.blog.aws_launch_template.this",)
    assert planned_moves(loop) == {target.address, *loop.claimed.also_moves}
