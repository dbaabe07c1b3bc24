"""Lets the real Terraform judge a case: plans its copies, and compares two plans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.replan import Place, moved, planned_values, run
from tests.support.terraform_cases import Case, Expectation

RECORDED_AT = "2025-01-01T00:00:00Z"  # in place of the time of planning: same input, same bytes


def offline_env(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Initialise the provider once, in `folder`, and return an environment that needs no init."""
    folder.mkdir(parents=True, exist_ok=True)
    source = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
    (folder / "main.tf").write_text(source)
    done = run(["terraform", "init", "-input=false", "-backend=false"], folder, env)
    assert done.returncode == 0, done.stdout + done.stderr
    binary = next((folder / ".terraform" / "providers").glob("*/*/aws/*/*/terraform-provider-aws*"))
    config = folder / "dev.tfrc"
    home = binary.resolve().parent
    config.write_text(
        f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/aws" = "{home}"\n  }}\n}}\n'
    )
    return {**env, "TF_CLI_CONFIG_FILE": str(config)}


def plan(case: Case, root: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """Return the plan of a copy of a case, whose root is given."""
    folder = root / case.config_dir
    env = {**env, **case.env}
    steps = [["terraform", "plan", "-input=false", "-refresh=false", "-out=case.tfplan"]]
    steps[0] += [f"-var-file={name}" for name in case.var_files]
    steps[0] += [f"-var={name}={value}" for name, value in case.vars.items()]
    if not (folder / ".terraform" / "modules").is_dir():
        steps.insert(0, ["terraform", "get"])
    steps.append(["terraform", "show", "-json", "case.tfplan"])
    for words in steps:
        done = run([*words, "-no-color"], folder, env)
        assert done.returncode == 0, f"{case.name}: {done.stdout}{done.stderr}"
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown | {"timestamp": RECORDED_AT}


def objections(
    batch: Sequence[Expectation], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Return what Terraform holds against patches; empty where they do just what was wanted."""
    told = []
    for asked in batch:
        if (held := _held(asked, after)) != {asked.planned}:
            told.append(f"{asked.holder} {asked.place} is planned as {held}")
    moves = {one for asked in batch for one in asked.moves}
    wanted = moves.union(*(asked.follows for asked in batch))
    found = {
        spell(place)
        for place in moved(before, after)
        if not any(_is_meant(asked, place) for asked in batch)
    }
    told += [f"moved too: {one}" for one in sorted(found) if not covered(one, wanted)]
    told += [f"did not move: {one}" for one in sorted(moves) if not covers(one, found)]
    return told


def spell(place: Place) -> str:
    """Return a place as tfopt writes it: the address, then the path."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place[1:])
    return str(place[0]) + "".join(steps)


def covers(whole: str, places: Iterable[str]) -> bool:
    """Tell whether any of the places is, or is in, a resource, a block or an attribute."""
    return any(place == whole or place.startswith((f"{whole}.", f"{whole}[")) for place in places)


def covered(place: str, by: Iterable[str]) -> bool:
    """Tell whether a place is, or is in, any of these."""
    return any(covers(whole, [place]) for whole in by)


def _held(asked: Expectation, plan: Mapping[str, Any]) -> set[object]:
    places = planned_values(plan)
    if asked.place == ("count",):
        return {len({place[0] for place in places if _is_holder(asked, place)})}
    return {_number(v) for p, v in places.items() if _is_holder(asked, p) and p[1:] == asked.place}


def _number(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_holder(asked: Expectation, place: Place) -> bool:
    """Tell whether a place is in the resource that holds the attribute; without key: in any."""
    address = str(place[0])
    return address == asked.holder or address.startswith(f"{asked.holder}[")


def _is_meant(asked: Expectation, place: Place) -> bool:
    return _is_holder(asked, place) and (place[1:] == asked.place or asked.place == ("count",))
