"""One scheduled action more: written, planned by the real Terraform, and nothing else moves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.replan import moved, plan_json, run

from tfopt.hcl.edit import make_patch
from tfopt.hcl.sources import load_sources
from tfopt.hcl.write import write
from tfopt.patching.edits import Proposal
from tfopt.patching.inputs import PlanSources, read_with_sources
from tfopt.patching.schedules import propose_schedule
from tfopt.plan.model import InstanceGroup, Plan
from tfopt.recommendation import ScheduleValues

HEAD = """terraform {
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

resource "aws_launch_template" "web" {
  image_id      = "ami-12345678"
  instance_type = "m5.large"
}
"""
GROUP = """
resource "aws_autoscaling_group" "%s" {
  name_prefix        = "%s-"
  min_size           = 1
  max_size           = 4
  availability_zones = ["us-east-1a"]
  launch_template {
    id = aws_launch_template.web.id
  }
}
"""
WEB = GROUP % ("web", "web")
SCHEDULES = """
resource "aws_autoscaling_schedule" "web" {
  for_each               = %s
  scheduled_action_name  = each.key
  autoscaling_group_name = aws_autoscaling_group.web.name
  recurrence             = each.value.recurrence
  time_zone              = lookup(each.value, "time_zone", null)
  min_size               = lookup(each.value, "min_size", -1)
  max_size               = lookup(each.value, "max_size", -1)
  desired_capacity       = lookup(each.value, "desired_capacity", -1)
}
"""
UNTYPED = '\nvariable "schedules" {\n  default = {}\n}\n'

# What the public module for Auto Scaling groups does, in its own words.
ASG_MODULE = """
variable "create" {
  type    = bool
  default = true
}

variable "create_schedule" {
  type    = bool
  default = true
}

variable "ignore_desired_capacity_changes" {
  type    = bool
  default = false
}

variable "image" {
  type = string
}

variable "schedules" {
  type    = map(any)
  default = {}
}

resource "aws_launch_template" "this" {
  image_id      = var.image
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "this" {
  count              = var.create && !var.ignore_desired_capacity_changes ? 1 : 0
  name_prefix        = "this-"
  min_size           = 1
  max_size           = 4
  availability_zones = ["us-east-1a"]
  launch_template {
    id = aws_launch_template.this.id
  }
}

resource "aws_autoscaling_group" "idc" {
  count              = var.create && var.ignore_desired_capacity_changes ? 1 : 0
  name_prefix        = "idc-"
  min_size           = 1
  max_size           = 4
  availability_zones = ["us-east-1a"]
  launch_template {
    id = aws_launch_template.this.id
  }
}

resource "aws_autoscaling_schedule" "this" {
  for_each = { for k, v in var.schedules : k => v if var.create && var.create_schedule }

  scheduled_action_name = each.key
  autoscaling_group_name = (
    var.ignore_desired_capacity_changes ? aws_autoscaling_group.idc[0].name :
    aws_autoscaling_group.this[0].name
  )

  min_size         = try(each.value.min_size, null)
  max_size         = try(each.value.max_size, null)
  desired_capacity = try(each.value.desired_capacity, null)
  start_time       = try(each.value.start_time, null)
  end_time         = try(each.value.end_time, null)
  time_zone        = try(each.value.time_zone, null)
  recurrence       = try(each.value.recurrence, null)
}
"""
CALLS = """
module "web" {
  source = "./asg"
  image  = "ami-12345678"
}

module "batch" {
  source    = "./asg"
  image     = "ami-87654321"
  schedules = {}
}
"""
TYPED_MODULE = """
variable "groups" {
  type = map(object({
    schedules = optional(map(object({
      cron     = string
      zone     = optional(string, "Etc/UTC")
      min      = optional(number, -1)
      max      = optional(number, -1)
      desired  = optional(number, -1)
    })), {})
  }))
}

locals {
  schedules = merge([
    for name, group in var.groups : {
      for key, s in group.schedules : "${name}/${key}" => merge(s, { group = name })
    }
  ]...)
}

resource "aws_autoscaling_group" "this" {
  for_each           = var.groups
  name               = each.key
  min_size           = 1
  max_size           = 4
  availability_zones = ["us-east-1a"]
  launch_template {
    id = aws_launch_template.web.id
  }
}

resource "aws_autoscaling_schedule" "this" {
  for_each               = local.schedules
  scheduled_action_name  = each.key
  autoscaling_group_name = aws_autoscaling_group.this[each.value.group].name
  recurrence             = each.value.cron
  time_zone              = each.value.zone
  min_size               = each.value.min
  max_size               = each.value.max
  desired_capacity       = each.value.desired
}
"""
LOCALS = """
locals {
  groups = {
    web   = { size = 1, schedules = {} }
    batch = { size = 2, schedules = {} }
  }
}
"""
WEB_SCHEDULE = 'aws_autoscaling_schedule.web["tfopt"]'

SHAPES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "tfvars": (
        {
            "main.tf": HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules",
            "terraform.tfvars": "schedules = {}\n",
        },
        "aws_autoscaling_group.web",
        WEB_SCHEDULE,
        "terraform.tfvars",
    ),
    "default": (
        {"main.tf": HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules"},
        "aws_autoscaling_group.web",
        WEB_SCHEDULE,
        "main.tf",
    ),
    "absent in tfvars": (
        {
            "main.tf": HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules" + 'variable "x" {}\n',
            "terraform.tfvars": "x = 1\n",
        },
        "aws_autoscaling_group.web",
        WEB_SCHEDULE,
        "terraform.tfvars",
    ),
    "public module": (
        {"main.tf": HEAD + CALLS, "asg/main.tf": ASG_MODULE},
        "module.web.aws_autoscaling_group.this[0]",
        'module.web.aws_autoscaling_schedule.this["tfopt"]',
        "main.tf",
    ),
    "public module with an argument": (
        {"main.tf": HEAD + CALLS, "asg/main.tf": ASG_MODULE},
        "module.batch.aws_autoscaling_group.this[0]",
        'module.batch.aws_autoscaling_schedule.this["tfopt"]',
        "main.tf",
    ),
    "groups of a typed variable": (
        {
            "main.tf": HEAD + TYPED_MODULE,
            "terraform.tfvars": "groups = {\n  web   = {}\n  batch = {}\n}\n",
        },
        'aws_autoscaling_group.this["batch"]',
        'aws_autoscaling_schedule.this["batch/tfopt"]',
        "terraform.tfvars",
    ),
    "groups of a local": (
        {
            "main.tf": HEAD
            + LOCALS
            + "locals {"
            + TYPED_MODULE.split("locals {")[1]
            .replace("var.groups", "local.groups")
            .replace("each.value.cron", "each.value.recurrence")
            .replace("each.value.zone", 'try(each.value.zone, "Etc/UTC")')
            .replace("each.value.min", "try(each.value.min, -1)")
            .replace("each.value.max", "try(each.value.max, -1)")
            .replace("each.value.desired", "try(each.value.desired, -1)"),
        },
        'aws_autoscaling_group.this["web"]',
        'aws_autoscaling_schedule.this["web/tfopt"]',
        "main.tf",
    ),
    "json": (
        {
            "main.tf": HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules",
            "terraform.tfvars.json": '{\n  "schedules": {}\n}\n',
        },
        "aws_autoscaling_group.web",
        WEB_SCHEDULE,
        "terraform.tfvars.json",
    ),
    "yaml": (
        {
            "main.tf": HEAD
            + WEB
            + SCHEDULES % 'try(yamldecode(file("${path.module}/web.yaml")).schedules, {})',
            "web.yaml": "# the shop\nsize: 2 # was 3\n",
        },
        "aws_autoscaling_group.web",
        WEB_SCHEDULE,
        "web.yaml",
    ),
    "beside another": (
        {
            "main.tf": HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules",
            "terraform.tfvars": "schedules = {\n  night = {\n"
            '    recurrence = "0 22 * * *"\n    min_size   = 1\n  }\n}\n',
        },
        "aws_autoscaling_group.web",
        WEB_SCHEDULE,
        "terraform.tfvars",
    ),
}
WANTED = ScheduleValues(recurrence="0 8 * * 1-5", time_zone="Europe/Paris", min_size=3)
PLANNED = {
    "recurrence": "0 8 * * 1-5",
    "time_zone": "Europe/Paris",
    "min_size": 3,
    "max_size": -1,
    "desired_capacity": -1,
}


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def proposed(folder: Path, group: str, comment: str | None = None) -> Proposal:
    """Return the proposal for a group of the folder's plan.json."""
    given = read_with_sources(str(folder / "plan.json"), folder)
    found = next(each for each in given.plan.groups if each.address == group)
    return propose_schedule(given, found, WANTED, comment=comment)


def read_as_planned(folder: Path, group: str, schedule: ScheduleValues = WANTED) -> Proposal:
    """Return the proposal for a group of a plan that holds nothing else."""
    found = InstanceGroup(
        group, "aws_autoscaling_group", "aws", "us-east-1", "create", "instance", (), 1, 4, None
    )
    plan = Plan("plan.json", "1.2", "1.11.4", "terraform", True, {}, (found,), ())
    given = PlanSources(plan, load_sources(folder), folder)
    return propose_schedule(given, found, schedule)


def planned(folder: Path, env: Mapping[str, str]) -> dict[str, object]:
    plan = plan_json(folder, env)
    (folder / "plan.json").write_text(json.dumps(plan))
    return plan


LOOPED = ("public module", "groups of a typed variable", "groups of a local", "json", "yaml")


@pytest.mark.parametrize("name", SHAPES)
def test_the_schedule_is_written_where_its_group_takes_it(tmp_path: Path, name: str) -> None:
    """In every shape the one place that makes an action of this group is found."""
    files, group, address, file = SHAPES[name]
    proposal = read_as_planned(lay(tmp_path, files), group)
    assert proposal.change is not None, proposal.edit.reason
    assert (proposal.edit.file, proposal.edit.trace[-1]) == (file, address)
    assert proposal.edit.also_moves == []


def test_the_default_zone_needs_no_member(tmp_path: Path) -> None:
    """Where an action takes no zone from its entry it runs in UTC, which may be what is wanted."""
    main = HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules"
    without = "".join(line for line in main.splitlines(keepends=True) if "time_zone" not in line)
    for zone, possible in (("Etc/UTC", True), ("Asia/Tokyo", False)):
        schedule = ScheduleValues(recurrence="0 8 * * *", time_zone=zone, min_size=1)
        folder = lay(tmp_path, {"main.tf": without})
        found = read_as_planned(folder, "aws_autoscaling_group.web", schedule)
        assert (found.change is not None) == possible
    assert (
        found.edit.reason
        == "the entry cannot give time_zone the value Asia/Tokyo: it would be null"
    )


@pytest.mark.terraform
@pytest.mark.parametrize(
    "name",
    [name if name in LOOPED else pytest.param(name, marks=pytest.mark.long) for name in SHAPES],
)
def test_terraform_plans_exactly_the_new_action(
    tmp_path: Path, terraform_env: dict[str, str], name: str
) -> None:
    """One action more, with the wanted values, in the file that is named; formatted as before."""
    files, group, address, file = SHAPES[name]
    before = planned(lay(tmp_path / "before", files), terraform_env)
    after = tmp_path / "after"
    shutil.copytree(tmp_path / "before", after, symlinks=True)
    proposal = proposed(after, group, "added for the working day; 2026-08-01")
    assert proposal.change is not None, proposal.edit.reason
    assert (proposal.edit.file, proposal.edit.trace[-1]) == (file, address)
    write(make_patch([proposal.change]))
    found = moved(before, plan_json(after, terraform_env))
    assert {place[0] for place in found} == {address}
    values = {place[1]: value for place, value in found.items() if len(place) == 2}
    assert {key: values.get(key) for key in PLANNED} == PLANNED
    if file.endswith((".tf", ".tfvars")):
        assert "tfopt: added" in (after / file).read_text()
        words = ["terraform", "fmt", "-check", "-diff", file]
        done = run(words, after, terraform_env)
        assert done.returncode == 0, done.stdout


REFUSED = {
    "no schedule": (
        {"main.tf": HEAD + WEB},
        "no aws_autoscaling_schedule in the sources",
    ),
    "of another group": (
        {
            "main.tf": HEAD
            + WEB
            + GROUP % ("other", "other")
            + UNTYPED
            + SCHEDULES.replace("aws_autoscaling_group.web.", "aws_autoscaling_group.other.")
            % "var.schedules"
        },
        "aws_autoscaling_schedule.web does not belong to aws_autoscaling_group.web",
    ),
    "two resources": (
        {
            "main.tf": HEAD
            + WEB
            + UNTYPED
            + 'variable "more" {\n  default = {}\n}\n'
            + SCHEDULES % "var.schedules"
            + SCHEDULES.replace('"web" {', '"more" {') % "var.more"
        },
        "several resources could hold the schedule: "
        'aws_autoscaling_schedule.web["tfopt"], aws_autoscaling_schedule.more["tfopt"]',
    ),
    "validated": (
        {
            "main.tf": HEAD
            + WEB
            + UNTYPED.replace(
                "}\n}",
                "}\n  validation {\n    condition     = length(var.schedules) == 0\n"
                '    error_message = "No schedules, please."\n  }\n}',
            )
            + SCHEDULES % "var.schedules"
        },
        "the validation at main.tf:34 does not allow it: No schedules, please.",
    ),
    "ignored": (
        {
            "main.tf": HEAD + WEB + UNTYPED + SCHEDULES % "var.schedules",
            "terraform.tfvars": "schedules = {} # tfopt:ignore=schedules on purpose\n",
        },
        "tfopt:ignore at terraform.tfvars:1: on purpose",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_group_without_a_place_for_it_is_told_why(tmp_path: Path, name: str) -> None:
    """None, another's, several, forbidden: each has its reason."""
    files, reason = REFUSED[name]
    proposal = read_as_planned(lay(tmp_path, files), "aws_autoscaling_group.web")
    assert proposal.change is None
    assert proposal.edit.reason == reason
