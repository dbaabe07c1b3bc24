"""A key that is absent is written where Terraform takes it, in the manner of its neighbours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.sources import load_sources
from tfopt.hcl.syntax import Scalar
from tfopt.hcl.trace import Refusal, Target, Trace, Tracer

GROUP = ("aws_autoscaling_group.web", None)
RESOURCE = """
resource "aws_autoscaling_group" "web" {
  min_size = 1
  max_size = %s
}
"""
OPTIONAL = """variable "web" {
  type = object({
    min = number
    max = optional(number, 10)
  })
}
"""
MODULE = 'variable "max" {\n  default = 10\n}\n' + RESOURCE % "var.max"


def lay(folder: Path, files: dict[str, str]) -> Tracer:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")
    return Tracer(load_sources(folder), {})


def target(module: tuple[str, ...] = (), planned: object = 10, name: str = "max_size") -> Target:
    return Target(module, *GROUP, (name,), planned)


def added(tracer: Tracer, where: Target, new: Scalar = 12, comment: str | None = None) -> str:
    """Add a key by way of an override, and return the one changed file's new text."""
    found = tracer.trace(where)
    assert isinstance(found, Trace)
    leaf = next(leaf for leaf in (found.leaf, *found.overrides) if leaf.slot is not None)
    narrowed = Trace(found.target, leaf, found.grade, found.hops, ())
    assert tracer.counterfactual(narrowed, new).proven
    patch = make_patch([Change(leaf, new, comment)])
    assert patch.notes == ()
    return patch.files[0].after.decode()


OBJECTS = {
    "lines": ("web = {\n  min = 2\n}\n", "web = {\n  min = 2\n  max = 12\n}\n"),
    "one line": ("web = { min = 2 }\n", "web = { min = 2, max = 12 }\n"),
    "trailing comma": ("web = {\n  min = 2,\n}\n", "web = {\n  min = 2,\n  max = 12,\n}\n"),
    "quoted": ('web = {\n  "min" = 2\n}\n', 'web = {\n  "min" = 2\n  "max" = 12\n}\n'),
    "colons": ("web = {\n  min : 2\n}\n", "web = {\n  min : 2\n  max : 12\n}\n"),
    "comment": ("web = {\n  min = 2 # two\n}\n", "web = {\n  min = 2 # two\n  max = 12\n}\n"),
    "crlf": ("web = {\r\n  min = 2\r\n}\r\n", "web = {\r\n  min = 2\r\n  max = 12\r\n}\r\n"),
    "aligned": (
        "web = {\n  min     = 2\n  unknown = 3\n}\n",
        "web = {\n  min     = 2\n  unknown = 3\n  max     = 12\n}\n",
    ),
    "closing on the last line": ("web = {\n  min = 2 }\n", "web = {\n  min = 2,\n  max = 12 }\n"),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_member_joins_an_object(tmp_path: Path, name: str) -> None:
    """The optional member that was left out is written beside the others, as they are."""
    before, after = OBJECTS[name]
    files = {"main.tf": OPTIONAL + RESOURCE % "var.web.max", "terraform.tfvars": before}
    assert added(lay(tmp_path, files), target()) == after


def test_a_member_joins_a_json_object(tmp_path: Path) -> None:
    """In .tfvars.json too, on a line of its own."""
    files = {
        "main.tf": OPTIONAL + RESOURCE % "var.web.max",
        "terraform.tfvars.json": '{\n  "web": {\n    "min": 2\n  }\n}\n',
    }
    wanted = '{\n  "web": {\n    "min": 2,\n    "max": 12\n  }\n}\n'
    assert added(lay(tmp_path, files), target()) == wanted


def test_an_argument_joins_a_module_call(tmp_path: Path) -> None:
    """What the call does not pass is added after its last argument, before `depends_on`."""
    call = 'module "shop" {\n  source = "./shop"\n\n  depends_on = [terraform_data.x]\n}\n'
    files = {"main.tf": call, "shop/main.tf": MODULE}
    found = added(lay(tmp_path, files), target(("module.shop",)))
    assert found == call.replace('"./shop"\n', '"./shop"\n  max    = 12\n')


def test_a_variable_joins_the_strongest_variable_file(tmp_path: Path) -> None:
    """A default may be overridden in a variable file; the last one wins."""
    files = {"main.tf": MODULE, "terraform.tfvars": "a = 1\n", "z.auto.tfvars": "b = 2"}
    assert added(lay(tmp_path, files), target()) == "b   = 2\nmax = 12\n"


def test_an_attribute_joins_the_resource(tmp_path: Path) -> None:
    """An attribute that the resource does not write is added to its block, for all instances."""
    tracer = lay(tmp_path, {"main.tf": RESOURCE % "3"})
    where = target(planned=None, name="desired_capacity")
    assert added(tracer, where, 2) == (RESOURCE % "3").replace(
        "  max_size = 3\n", "  max_size = 3\n  desired_capacity = 2\n"
    ).replace("  min_size = 1\n  max_size = 3", "  min_size         = 1\n  max_size         = 3")


@pytest.mark.parametrize(
    "expression",
    [
        'lookup(var.web, "max", 10)',
        "try(var.web.max, 10)",
        "merge({ max = 10 }, var.web).max",
        'coalesce(lookup(var.web, "max", null), 10)',
        'can(var.web.max) ? var.web.max : lookup(var.web, "max", 10)',
    ],
)
def test_a_fallback_is_overridden_by_the_member_it_stands_for(
    tmp_path: Path, expression: str
) -> None:
    """Where a default stands in for a missing member, the member can be written."""
    files = {
        "main.tf": 'variable "web" {}\n' + RESOURCE % expression,
        "terraform.tfvars": "web = { min = 2 }\n",
    }
    assert added(lay(tmp_path, files), target()) == "web = { min = 2, max = 12 }\n"


def test_a_member_that_the_type_drops_is_not_added(tmp_path: Path) -> None:
    """An object type without the member loses it: no edit of the object is proven."""
    files = {
        "main.tf": 'variable "web" {\n  type = object({ min = number })\n}\n'
        + RESOURCE % "try(var.web.max, 10)",
        "terraform.tfvars": "web = { min = 2 }\n",
    }
    tracer = lay(tmp_path, files)
    found = tracer.trace(target())
    assert isinstance(found, Trace)
    trace, proof = tracer.narrowest(found, 12)
    assert (trace.leaf.label, trace.leaf.text, proof.proven) == ("main.tf", "10", True)
    gaps = [Trace(found.target, leaf, found.grade, found.hops, ()) for leaf in found.overrides]
    assert not any(tracer.counterfactual(gap, 12).proven for gap in gaps)


def test_the_narrowest_edit_is_taken(tmp_path: Path) -> None:
    """A default that two groups share is left alone where a key moves only the one."""
    groups = 'resource "aws_autoscaling_group" "web" {\n  for_each = var.groups\n'
    files = {
        "main.tf": 'variable "groups" {}\n' + groups + "  max_size = try(each.value.max, 10)\n}\n",
        "terraform.tfvars": "groups = {\n  a = { min = 1 }\n  b = { min = 1 }\n}\n",
    }
    tracer = lay(tmp_path, files)
    found = tracer.trace(Target((), "aws_autoscaling_group.web", "a", ("max_size",), 10))
    assert isinstance(found, Trace)
    assert found.leaf.text == "10"
    trace, proof = tracer.narrowest(found, 12)
    assert (trace.leaf.path, proof.moves) == ("groups.a.max", ())


def test_a_default_that_serves_all_environments_is_overridden_in_the_one(tmp_path: Path) -> None:
    """Where variable files are named, another environment may live by the root module's default."""
    (tmp_path / "main.tf").write_text(MODULE)
    (tmp_path / "prod.tfvars").write_text("a = 1\n")
    for named, path in (((), "variable.max.default"), ((tmp_path / "prod.tfvars",), "max")):
        tracer = Tracer(load_sources(tmp_path, named), {})
        found = tracer.trace(target())
        assert isinstance(found, Trace)
        trace, proof = tracer.narrowest(found, 12)
        assert (trace.leaf.path, proof.proven, proof.moves) == (path, True, ())


def test_two_keys_join_one_object_and_their_lines_are_told(tmp_path: Path) -> None:
    """Each new line gets its own comment; the lines around them stay as they are."""
    both = OPTIONAL.replace("min = number", "min = optional(number, 1)")
    resource = RESOURCE.replace("min_size = 1", "min_size = var.web.min") % "var.web.max"
    files = {"main.tf": both + resource, "terraform.tfvars": 'web = {\n  # none yet\n}\nx = "y"\n'}
    tracer = lay(tmp_path, files)
    changes = []
    for name, planned, new in (("min_size", 1, 3), ("max_size", 10, 12)):
        found = tracer.trace(target(planned=planned, name=name))
        assert isinstance(found, Trace)
        changes.append(Change(found.overrides[0], new, f"was {planned}; 2026-08-01"))
    after = make_patch(changes).files[0].after.decode()
    assert after == (
        "web = {\n  # none yet\n"
        "  min = 3  # tfopt: was 1; 2026-08-01\n"
        "  max = 12 # tfopt: was 10; 2026-08-01\n"
        '}\nx = "y"\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{\n    min = 4\n  }", "{\n    min = 4\n    max = 12\n  }"),
        ("{}", "{ max = 12 }"),
        ("{ min = 4 }", "{ min = 4, max = 12 }"),
    ],
)
def test_a_member_joins_an_object_inside_a_call(tmp_path: Path, before: str, after: str) -> None:
    """The second reader keeps a call as text, spelled its own way: it agrees all the same."""
    shared = "locals {\n  base = { max = 10 }\n  web  = merge(local.base, %s)\n}\n"
    files = {"main.tf": shared % before + RESOURCE % "local.web.max"}
    assert added(lay(tmp_path, files), target()) == shared % after + RESOURCE % "local.web.max"


@pytest.mark.parametrize(
    ("default", "planned"),
    [("{}", {"min": 2, "max": 10}), ("{ max = 10, more = 1 }", {"min": 2, "max": 10})],
)
def test_a_default_is_the_plans_once_it_is_converted(
    tmp_path: Path, default: str, planned: object
) -> None:
    """The plan holds a default as its type makes it: optional members filled in, others dropped."""
    kind = "object({ min = optional(number, 2), max = optional(number, 10) })"
    text = f'variable "web" {{\n  type    = {kind}\n  default = {default}\n}}\n'
    (tmp_path / "main.tf").write_text(text + RESOURCE % "var.web.max")
    tracer = Tracer(load_sources(tmp_path), {"web": (planned, False)})
    found = tracer.trace(target())
    assert isinstance(found, Trace)
    assert tracer.narrowest(found, 12)[1].proven


@pytest.mark.parametrize("planned", [None, 3])
def test_what_the_provider_decides_can_be_decided(tmp_path: Path, planned: object) -> None:
    """A null stands for the provider's choice, whatever that is now: the null is the literal."""
    desired = "  desired_capacity = var.desired\n}\n"
    text = 'variable "desired" {\n  default = null\n}\n' + (RESOURCE % "3").replace("}\n", desired)
    tracer = lay(tmp_path, {"main.tf": text})
    where = Target((), *GROUP, ("desired_capacity",), planned, optional=True)
    found = tracer.trace(where)
    assert isinstance(found, Trace)
    assert (found.leaf.path, found.leaf.text) == ("variable.desired.default", "null")
    assert tracer.counterfactual(found, 2).proven


def test_a_block_on_one_line_is_left_alone(tmp_path: Path) -> None:
    """HCL allows one argument in such a block: there is no place for another."""
    files = {"main.tf": 'module "shop" { source = "./shop" }\n', "shop/main.tf": MODULE}
    found = lay(tmp_path, files).trace(target(("module.shop",)))
    assert isinstance(found, Refusal)
    assert found.grade == "module-default"


@pytest.mark.terraform
def test_what_is_added_is_formatted(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """`terraform fmt` leaves every file with an added key alone that it left alone before."""
    before, after = tmp_path / "before", tmp_path / "after"
    for i, (name, (old, _)) in enumerate(OBJECTS.items()):
        if name in ("colons", "closing on the last line", "crlf"):
            continue  # not formatted to begin with
        folder = tmp_path / str(i)
        files = {"main.tf": OPTIONAL + RESOURCE % "var.web.max", "terraform.tfvars": old}
        text = added(lay(folder, files), target(), comment="was 10; 2026-08-01")
        for place, content in ((before, old), (after, text)):
            place.mkdir(exist_ok=True)
            (place / f"case-{i}.tfvars").write_text(content)
    for place in (before, after):
        command = ["terraform", "fmt", "-check", str(place)]
        done = subprocess.run(
            command, env=terraform_env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
    shutil.rmtree(before)
