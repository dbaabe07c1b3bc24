"""Plans configurations with the real Terraform, and compares what two plans say."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfopt.hcl.edit import Change, Patch, make_patch
from tfopt.hcl.sources import load_sources
from tfopt.hcl.syntax import Scalar
from tfopt.hcl.trace import Counterfactual, Refusal, Target, Tracer
from tfopt.hcl.write import write

Place = tuple[str | int, ...]  # resource address, then the path of the value in it


def plan_json(
    folder: Path, env: Mapping[str, str], var_files: Sequence[str] = ()
) -> dict[str, Any]:
    """Return `terraform show -json` of a fresh plan of a folder, initialised where it is not."""
    flags = [f"-var-file={name}" for name in var_files]
    steps = [["plan", "-input=false", "-out=case.tfplan", *flags]]
    if not (folder / ".terraform").is_dir():
        steps.insert(0, ["init", "-input=false", "-backend=false"])
    for words in steps:
        done = run(["terraform", *words, "-no-color"], folder, env)
        assert done.returncode == 0, done.stdout + done.stderr
    shown = run(["terraform", "show", "-json", "case.tfplan"], folder, env)
    parsed: dict[str, Any] = json.loads(shown.stdout)
    return parsed


def run(
    words: Sequence[str], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and return what it said."""
    return subprocess.run(
        words, cwd=folder, env=dict(env), capture_output=True, text=True, check=False
    )


def planned_values(plan: Mapping[str, Any]) -> dict[Place, object]:
    """Return every planned value of every resource, by place."""
    return dict(_resources(plan["planned_values"].get("root_module", {})))


def _resources(module: Mapping[str, Any]) -> Iterator[tuple[Place, object]]:
    for resource in module.get("resources", ()):
        yield from _flat((resource["address"],), resource["values"])
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def _flat(place: Place, value: object) -> Iterator[tuple[Place, object]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _flat((*place, key), member)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from _flat((*place, i), member)
    else:
        yield place, value


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[Place, object]:
    """Return the places whose planned value differs, with the value after (None where gone)."""
    old, new = planned_values(before), planned_values(after)
    places = (place for place in old.keys() | new.keys() if old.get(place) != new.get(place))
    return {place: new.get(place) for place in places}


def plan_variables(plan: Mapping[str, Any]) -> dict[str, tuple[object, bool]]:
    """Return the root variables of a plan as the tracer takes them."""
    declared = plan["configuration"]["root_module"].get("variables", {})
    return {
        name: (variable.get("value"), bool(declared.get(name, {}).get("sensitive")))
        for name, variable in plan.get("variables", {}).items()
    }


@dataclass(frozen=True)
class Loop:
    """A closed loop: what was claimed, and what the real Terraform then planned."""

    claimed: Counterfactual
    patch: Patch
    moved: Mapping[Place, object]  # every planned value that moved, with its new value


def close_the_loop(
    folder: Path, target: Target, new: Scalar, env: Mapping[str, str], comment: str | None = None
) -> Loop:
    """Plan a folder, trace and patch a copy of it, plan that, and return what moved.

    `target.planned` is checked against the plan. The copy shares the provider, which Terraform
    links into `.terraform`.
    """
    before = plan_json(folder, env)
    place = (target.address, *target.path)
    assert planned_values(before)[place] == target.planned
    copy = folder.with_name(f"{folder.name}-patched")
    shutil.copytree(folder, copy, symlinks=True)
    tracer = Tracer(load_sources(copy), plan_variables(before))
    found = tracer.trace(target)
    assert not isinstance(found, Refusal), found.reason
    claimed = tracer.counterfactual(found, new)
    patch = make_patch([Change(found.leaf, new, comment)])
    write(patch)
    return Loop(claimed, patch, moved(before, plan_json(copy, env)))
