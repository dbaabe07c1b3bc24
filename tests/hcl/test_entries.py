"""An entry joins the map that makes a resource's instances, in every shape that has been met."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.entries import Entry, NoEntry, Wanted, find_entry
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Tracer

SCHEDULE = """
resource "aws_autoscaling_schedule" "this" {
  for_each               = %s
  scheduled_action_name  = each.key
  autoscaling_group_name = "web"
  recurrence             = each.value.recurrence
  time_zone              = try(each.value.time_zone, null)
  min_size               = lookup(each.value, "min_size", null)
  max_size               = -1
  desired_capacity       = -1
}
"""
UNTYPED = 'variable "schedules" {\n  default = {}\n}\n'
TYPED = """variable "schedules" {
  type = map(object({
    recurrence = string
    min_size   = optional(number)
    start_time = string
  }))
  default = {}
}
"""
IN_CALL = """module "m" {
  source = "./m"
  schedules = {
    tfopt = {
      recurrence = "0 8 * * 1-5"
      time_zone  = "Etc/UTC"
      min_size   = 2
    }
  }
}
"""
WANTED = {
    "recurrence": ("0 8 * * 1-5",),
    "time_zone": ("Etc/UTC", None),
    "min_size": (2,),
    "max_size": (-1,),
}
LINES = '    recurrence = "0 8 * * 1-5"\n    time_zone  = "Etc/UTC"\n    min_size   = 2\n'
ENTRY = "  tfopt = {\n" + LINES + "  }\n"


def lay(folder: Path, files: dict[str, str]) -> Tracer:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")
    return Tracer(load_sources(folder), {})


def wanted(module: tuple[str, ...] = (), key: str = "tfopt", **more: tuple[object, ...]) -> Wanted:
    return Wanted(module, "aws_autoscaling_schedule.this", {**WANTED, **more}, key)  # type: ignore[dict-item]


def written(tracer: Tracer, want: Wanted, comment: str | None = None) -> tuple[str, str]:
    """Return the one changed file's name and new text."""
    found = find_entry(tracer, want)
    assert isinstance(found, Entry), found.reason
    file = make_patch([Change(found.leaf, found.value, comment)]).files[0]
    return file.path.name, file.after.decode()


def refusal(tracer: Tracer, want: Wanted) -> str:
    found = find_entry(tracer, want)
    assert isinstance(found, NoEntry)
    return found.reason


ROOT = UNTYPED + SCHEDULE % "var.schedules"
MODULE = 'module "m" {\n  source    = "./m"\n  schedules = {}\n}\n'
SILENT = 'module "m" {\n  source = "./m"\n}\n'
IN_MODULE = {"m/main.tf": ROOT}

SHAPES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "variable file": (
        {"main.tf": ROOT, "terraform.tfvars": "schedules = {}\n"},
        "",
        "terraform.tfvars",
        f"schedules = {{\n{ENTRY}}}\n",
    ),
    "empty over two lines": (
        {"main.tf": ROOT, "terraform.tfvars": "schedules = {\n  # none yet\n}\n"},
        "",
        "terraform.tfvars",
        f"schedules = {{\n  # none yet\n{ENTRY}}}\n",
    ),
    "default": ({"main.tf": ROOT}, "", "main.tf", ROOT.replace("{}", IN_CALL[44:-3], 1)),
    "absent in the variable file": (
        {"main.tf": ROOT, "terraform.tfvars": 'region = "x"\n'},
        "",
        "terraform.tfvars",
        'region = "x"\nschedules = {\n' + ENTRY + "}\n",
    ),
    "module argument": ({"main.tf": MODULE, **IN_MODULE}, "module.m", "main.tf", IN_CALL),
    "absent module argument": ({"main.tf": SILENT, **IN_MODULE}, "module.m", "main.tf", IN_CALL),
    "create flag": (
        {
            "main.tf": 'variable "create" {\n  default = true\n}\n'
            + UNTYPED
            + SCHEDULE % "var.create ? var.schedules : {}",
            "terraform.tfvars": "schedules = {}\n",
        },
        "",
        "terraform.tfvars",
        f"schedules = {{\n{ENTRY}}}\n",
    ),
    "merged": (
        {
            "main.tf": UNTYPED
            + SCHEDULE % "{ for k, v in merge(var.schedules, {}) : k => v if try(v.on, true) }",
            "terraform.tfvars": "schedules = {}\n",
        },
        "",
        "terraform.tfvars",
        f"schedules = {{\n{ENTRY}}}\n",
    ),
    "beside another": (
        {
            "main.tf": ROOT,
            "terraform.tfvars": 'schedules = {\n  night = { min_size = 1, recurrence = "x" }\n}\n',
        },
        "",
        "terraform.tfvars",
        'schedules = {\n  night = { min_size = 1, recurrence = "x" }\n'
        '  tfopt = { min_size = 2, recurrence = "0 8 * * 1-5", time_zone = "Etc/UTC" }\n}\n',
    ),
    "typed": (
        {
            "main.tf": TYPED + SCHEDULE % "var.schedules",
            "terraform.tfvars": "schedules = {}\n",
        },
        "",
        "terraform.tfvars",
        'schedules = {\n  tfopt = {\n    recurrence = "0 8 * * 1-5"\n    min_size   = 2\n'
        "    start_time = null\n  }\n}\n",
    ),
    "json": (
        {"main.tf": ROOT, "terraform.tfvars.json": '{\n  "schedules": {}\n}\n'},
        "",
        "terraform.tfvars.json",
        '{\n  "schedules": {\n    "tfopt": {\n      "recurrence": "0 8 * * 1-5",\n'
        '      "time_zone": "Etc/UTC",\n      "min_size": 2\n    }\n  }\n}\n',
    ),
    "yaml": (
        {
            "main.tf": SCHEDULE % 'try(yamldecode(file("${path.module}/a.yaml")).schedules, {})',
            "a.yaml": "# nights\nschedules: {}\n",
        },
        "",
        "a.yaml",
        '# nights\nschedules: {tfopt: {recurrence: "0 8 * * 1-5", time_zone: Etc/UTC, '
        "min_size: 2}}\n",
    ),
    "yaml without the map": (
        {
            "main.tf": SCHEDULE % 'try(yamldecode(file("${path.module}/a.yaml")).schedules, {})',
            "a.yaml": "web:\n  x: 1\nsize: 2\n",
        },
        "",
        "a.yaml",
        'web:\n  x: 1\nsize: 2\nschedules:\n  tfopt:\n    recurrence: "0 8 * * 1-5"\n'
        "    time_zone: Etc/UTC\n    min_size: 2\n",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_entry_is_written_where_it_belongs(tmp_path: Path, name: str) -> None:
    """In the strongest place that is the user's, in the manner of that file."""
    files, module, file, after = SHAPES[name]
    more = {"time_zone": (None,)} if name == "typed" else {}
    want = wanted((module,) if module else (), **more)
    assert written(lay(tmp_path, files), want) == (file, after)


GROUPS = """
variable "min" {
  default = 4
}

locals {
  groups = {
    web = {
      min       = var.min
      schedules = {}
    }
    batch = {
      min       = 1
      schedules = {}
    }
  }
  all = merge(flatten([
    for group, g in local.groups : {
      for name, s in g.schedules : "${group}-${name}" => {
        group = group
        cron  = s.recurrence
        size  = s.min
      }
    }
  ])...)
}

resource "aws_autoscaling_group" "this" {
  for_each = local.groups
  min_size = each.value.min
}

resource "aws_autoscaling_schedule" "this" {
  for_each               = local.all
  autoscaling_group_name = aws_autoscaling_group.this[each.value.group].name
  recurrence             = each.value.cron
  min_size               = each.value.size
  max_size               = -1
}
"""


def test_members_are_followed_through_the_expressions_that_rename_them(tmp_path: Path) -> None:
    """Maps inside a map, flattened, with members of other names: the first map that fits."""
    tracer = lay(tmp_path, {"main.tf": GROUPS})
    found = find_entry(tracer, wanted(time_zone=(None,)))
    assert isinstance(found, Entry)
    assert found.address == 'aws_autoscaling_schedule.this["web-tfopt"]'
    assert found.leaf.path == "local.groups.web.schedules.tfopt"
    assert found.value == {"recurrence": "0 8 * * 1-5", "min": 2}


REFUSED = {
    "no such attribute": (
        {"main.tf": ROOT.replace("each.value.recurrence", '"0 1 * * *"')},
        "the entry cannot give recurrence the value 0 8 * * 1-5: it would be 0 1 * * *",
    ),
    "computed": (
        {"main.tf": ROOT.replace('lookup(each.value, "min_size", null)', "each.value.size * 2")},
        "min_size of aws_autoscaling_schedule.this is computed from the entry",
    ),
    "switched off": (
        {"main.tf": UNTYPED + SCHEDULE % "{ for k, v in var.schedules : k => v if false }"},
        "an entry at main.tf:2 makes no instance of its own",
    ),
    "no for_each": (
        {"main.tf": SCHEDULE.replace("  for_each               = %s\n", "")},
        "aws_autoscaling_schedule.this has no for_each that an entry could join (main.tf:2)",
    ),
    "there already": (
        {"main.tf": ROOT, "terraform.tfvars": 'schedules = { tfopt = { recurrence = "x" } }\n'},
        "schedules.tfopt is there already (terraform.tfvars:1)",
    ),
    "shared": (
        {
            "main.tf": ROOT
            + 'resource "null_resource" "n" {\n  for_each = var.schedules\n}\n'
            + 'resource "aws_instance" "i" {\n  count = length(var.schedules)\n}\n'
        },
        "the entry would also move null_resource.n, aws_instance.i",
    ),
    "not a map of the sources": (
        {"main.tf": SCHEDULE % "data.http.x.schedules"},
        "for_each of aws_autoscaling_schedule.this (main.tf:3) is not known: "
        "not traced yet: data.http (main.tf:3)",
    ),
    "unknown member": (
        {"main.tf": ROOT.replace("each.value.recurrence", "timestamp()")},
        "recurrence of the new instance is not known: ",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_precise_reason_is_given(tmp_path: Path, name: str) -> None:
    """What stands in the way, and where."""
    files, reason = REFUSED[name]
    assert refusal(lay(tmp_path, files), wanted()).startswith(reason)


def test_two_entries_join_one_map(tmp_path: Path) -> None:
    """Several schedules are written at once, each with its comment."""
    tracer = lay(tmp_path, {"main.tf": ROOT, "terraform.tfvars": "schedules = {}\n"})
    changes = []
    for key, size in (("up", 4), ("down", 1)):
        found = find_entry(tracer, wanted(key=key, min_size=(size,), time_zone=(None,)))
        assert isinstance(found, Entry)
        changes.append(Change(found.leaf, found.value, f"added; saves {size}"))
    entries = (
        f"  {key} = {{ # tfopt: added; saves {size}\n"
        f'    recurrence = "0 8 * * 1-5"\n    min_size   = {size}\n  }}\n'
        for key, size in (("up", 4), ("down", 1))
    )
    after = make_patch(changes).files[0].after.decode()
    assert after == "schedules = {\n" + "".join(entries) + "}\n"


def test_a_map_that_is_set_elsewhere_is_told(tmp_path: Path) -> None:
    """What the environment holds, no file decides."""
    lay(tmp_path, {"main.tf": ROOT, "terraform.tfvars": "schedules = {}\n"})
    planned = {"schedules": ({"a": {"recurrence": "x"}}, False)}
    found = find_entry(Tracer(load_sources(tmp_path), planned), wanted())
    assert isinstance(found, NoEntry)
    assert found.grade == "value-from-environment"
    assert "was set elsewhere" in found.reason


def test_a_downloaded_module_is_not_edited(tmp_path: Path) -> None:
    """A default of a module that is not the user's, behind a call that has no place for it."""
    call = 'module "m" { source = "./m" }\n'
    found = find_entry(lay(tmp_path, {"main.tf": call, **IN_MODULE}), wanted(("module.m",)))
    assert isinstance(found, NoEntry)
    assert found.grade == "module-default"


def test_a_condition_of_the_resource_is_kept(tmp_path: Path) -> None:
    """A precondition that the new instance does not meet refuses it."""
    lifecycle = (
        "  lifecycle {\n    precondition {\n      condition     = each.value.min_size > 4\n"
        '      error_message = "Too small."\n    }\n  }\n}\n'
    )
    tracer = lay(tmp_path, {"main.tf": ROOT.removesuffix("}\n") + lifecycle})
    reason = refusal(tracer, wanted())
    assert reason.endswith("does not allow it: Too small.")


@pytest.mark.parametrize("kind", ["bool", "optional(bool, false)"])
def test_a_switch_is_set_where_the_entry_needs_it(tmp_path: Path, kind: str) -> None:
    """A filter on a member makes no instance without it."""
    variable = (
        'variable "schedules" {\n  type = map(object({ recurrence = string, enabled = %s, '
        "start = optional(bool) }))\n}\n"
    )
    kept = SCHEDULE % "{ for k, s in var.schedules : k => s if s.enabled }"
    main = variable % kind + kept.replace('lookup(each.value, "min_size", null)', "2")
    tracer = lay(tmp_path, {"main.tf": main, "terraform.tfvars": "schedules = {}\n"})
    found = find_entry(tracer, wanted(time_zone=(None,)))
    assert isinstance(found, Entry), found.reason
    assert found.value == {"recurrence": "0 8 * * 1-5", "enabled": True}
