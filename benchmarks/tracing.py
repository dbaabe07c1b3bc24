"""How long a large repository takes to trace, from cold, and how many of its files are read.

    python benchmarks/tracing.py [--files 700] [--seed 1] [--profile]

Writes a configuration of that many files into a temporary folder: a root of many files, local
modules called with `for_each` and literals, modules inside modules, variable files of nested maps.
Beside it stand folders that no plan needs. One new process then loads it, traces every sizing
attribute, and evaluates the edit of each. Exit 1 where that takes over 3 s, a file that is not
needed is read, or an attribute is not traced.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 3.0
MODULES = 40
TYPES = ["m5.large", "m5.xlarge", "c5.large", "r5.large", "t3.medium"]

LEAF_MODULE = """\
variable "sizes" {
  type = object({
    instance_type = string
    min           = number
    max           = optional(number, 9)
  })
}

variable "name" {
  type = string
}

locals {
  sizes = var.sizes
  tags  = merge({ Name = var.name }, { module = "MODULE" })
}

resource "aws_launch_template" "this" {
  name_prefix   = "${var.name}-"
  instance_type = local.sizes.instance_type
  tags          = local.tags
}

resource "aws_autoscaling_group" "this" {
  name     = var.name
  min_size = var.sizes.min
  max_size = coalesce(var.sizes.max, 9)
  launch_template {
    id = aws_launch_template.this.id
  }
}
"""
OUTER_MODULE = """\
variable "fleets" {
  type = map(object({ instance_type = string, min = number, max = optional(number, 9) }))
}

module "fleet" {
  source   = "../leaf_MODULE"
  for_each = var.fleets
  name     = each.key
  sizes    = each.value
}
"""
POLICY = """\
resource "aws_iam_role" "r_NUMBER" {
  name = "role-NUMBER-${var.environment}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
  tags = merge(local.tags, { number = NUMBER, owner = var.owners["team-TEAM"].name })
}

resource "aws_security_group_rule" "sg_NUMBER" {
  for_each    = toset(["80", "443"])
  type        = "ingress"
  from_port   = each.value
  to_port     = each.value
  protocol    = "tcp"
  cidr_blocks = var.environment == "prod" ? ["10.0.0.0/8"] : ["10.TEAM.0.0/16"]
}
"""
Target = dict[str, object]


class Repository:
    """Writes a repository of a given number of files, and knows what is sized in it."""

    def __init__(self, folder: Path, files: int, seed: int):
        self._folder = folder
        self._rng = random.Random(seed)
        self.targets: list[Target] = []
        self.needed = 0
        self._modules()
        self._fixed()
        per_module = 3 * MODULES
        for number in range(files - per_module - 4):
            self._root_file(number)

    def _write(self, name: str, text: str, *, needed: bool = True) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self.needed += needed

    def _sizes(self) -> dict[str, object]:
        low = self._rng.randint(1, 5)
        return {"instance_type": self._rng.choice(TYPES), "min": low, "max": low + 8}

    def _target(self, module: list[str], resource: str, path: list[str], planned: object) -> None:
        self.targets.append(
            {"module": module, "resource": resource, "path": path, "planned": planned}
        )

    def _modules(self) -> None:
        assigned: list[str] = []
        for number in range(MODULES):
            name = f"{number:02}"
            self._write(f"modules/leaf_{name}/main.tf", LEAF_MODULE.replace("MODULE", name))
            self._write(f"modules/outer_{name}/main.tf", OUTER_MODULE.replace("MODULE", name))
            call = f'source = "./modules/outer_{name}"\n  fleets = var.fleets_{name}\n'
            declared = f'variable "fleets_{name}" {{\n  type = map(any)\n}}\n'
            self._write(f"module_{name}.tf", f'{declared}\nmodule "m_{name}" {{\n  {call}}}\n')
            fleets = {f"f{i}": self._sizes() for i in range(3)}
            assigned.append(f"fleets_{name} = {spelled(fleets)}")
            for key, sizes in fleets.items():
                module = [f"module.m_{name}", f'module.fleet["{key}"]']
                template, group = "aws_launch_template.this", "aws_autoscaling_group.this"
                self._target(module, template, ["instance_type"], sizes["instance_type"])
                self._target(module, group, ["min_size"], sizes["min"])
                self._target(module, group, ["max_size"], sizes["max"])
            self._write(f"archive/old_{name}/main.tf", LEAF_MODULE, needed=False)
        self._write("terraform.tfvars", 'environment = "prod"\n' + "\n".join(assigned) + "\n")

    def _fixed(self) -> None:
        owners = spelled({f"team-{i}": {"name": f"t{i}", "cost": i} for i in range(20)})
        self._write("owners.auto.tfvars", f"owners = {owners}\n")
        kinds = 'variable "environment" {}\nvariable "owners" {\n  type = any\n}\n'
        self._write("variables.tf", kinds)
        self._write("locals.tf", "locals {\n  tags = { environment = var.environment }\n}\n")

    def _root_file(self, number: int) -> None:
        text = POLICY.replace("NUMBER", str(number)).replace("TEAM", str(number % 20))
        if number % 3 == 0:
            kind, low = self._rng.choice(TYPES), self._rng.randint(1, 5)
            text += f'\nresource "aws_instance" "i_{number}" {{\n  instance_type = "{kind}"\n}}\n'
            group = f'resource "aws_autoscaling_group" "g_{number}"'
            text += f"\n{group} {{\n  min_size = {low}\n  max_size = local.max_{number}\n}}\n"
            text += f"\nlocals {{\n  max_{number} = {low + 5}\n}}\n"
            self._target([], f"aws_instance.i_{number}", ["instance_type"], kind)
            self._target([], f"aws_autoscaling_group.g_{number}", ["min_size"], low)
            self._target([], f"aws_autoscaling_group.g_{number}", ["max_size"], low + 5)
        self._write(f"root_{number:03}.tf", text)


def spelled(value: object, indent: str = "") -> str:
    """Return a value in HCL."""
    if not isinstance(value, dict):
        return json.dumps(value)
    inner = indent + "  "
    members = (f"{inner}{json.dumps(k)} = {spelled(v, inner)}\n" for k, v in value.items())
    return "{\n" + "".join(members) + indent + "}"


def trace_all(folder: Path, targets_file: Path) -> None:
    """Trace every target and evaluate an edit of each; print what it took as JSON."""
    opened: list[str] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(str(folder)):
            opened.append(str(arguments[0]))

    sys.addaudithook(note)
    from tfopt.__main__ import collect_rarely

    collect_rarely()  # as the command does
    from tfopt.hcl.sources import load_sources
    from tfopt.hcl.trace import Refusal, Target, Tracer

    targets = json.loads(targets_file.read_text("utf-8"))
    tracer = Tracer(load_sources(folder), {})
    refused: list[str] = []
    unproven = 0
    for one in targets:
        place = (tuple(one["module"]), one["resource"], None, tuple(one["path"]))
        found = tracer.trace(Target(*place, one["planned"]))
        if isinstance(found, Refusal):
            refused.append(f"{found.target.address}: {found.reason}")
            continue
        new = 7 if isinstance(one["planned"], int) else "m7a.large"
        unproven += not tracer.counterfactual(found, new).proven
    print(json.dumps({"read": len(set(opened)), "refused": refused, "unproven": unproven}))


def main() -> int:
    """Write the repository, trace it in a process of its own, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=700)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="print the hot spots too")
    parser.add_argument("--trace", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trace:
        trace_all(*options.trace)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder, targets = Path(name).resolve() / "repository", Path(name) / "targets.json"
        made = Repository(folder, options.files, options.seed)
        targets.write_text(json.dumps(made.targets), "utf-8")
        profiler = ["-m", "cProfile", "-s", "tottime"] if options.profile else []
        command = [sys.executable, *profiler, __file__, "--trace", str(folder), str(targets)]
        begin, before = time.perf_counter(), os.times()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wall_s, after = time.perf_counter() - begin, os.times()
    if done.returncode:
        sys.exit(done.stderr)
    first, _, rest = done.stdout.partition("\n")
    said = json.loads(first)
    print(
        f"{made.needed} files needed, {said['read']} read; {len(made.targets)} attributes traced "
        f"and evaluated with an edit in {wall_s:.2f} s (limit {LIMIT_S:g} s), of which "
        f"{after.children_user - before.children_user:.2f} s computing"
    )
    for line in said["refused"][:10]:
        print(f"refused: {line}", file=sys.stderr)
    print("\n".join(rest.splitlines()[:45]))
    wrong = said["refused"] or said["unproven"] or said["read"] != made.needed
    return int(bool(wrong) or wall_s > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
