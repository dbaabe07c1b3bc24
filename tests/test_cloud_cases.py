"""Every folder of tests/cases/clouds: groups of each kind, read, edited and priced as by hand.

The plans are written by hand in the exact shape that Terraform gives them: see CONTRIBUTING.md.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.set_command import judge
from tests.support.terraform_cases import Case, load
from tfopt.plan import adapters
from tfopt.plan.model import InstanceGroup, Plan
from tfopt.plan.read import read_plan

CASES = Path(__file__).resolve().parent / "cases" / "clouds"
NAMES = sorted(path.parent.name for path in CASES.glob("*/case.toml"))
_FACTOR = re.compile(r"[\d.]+")
_SUM = re.compile(r"[\d.]+(?: × [\d.]+)*(?: \+ [\d.]+(?: × [\d.]+)*)*")
each_case = pytest.mark.parametrize("name", NAMES)


def by_hand(written: str) -> float:
    """Return what a sum of products comes to: "3 × 0.19 × 730 + 2 × 8.5"."""
    assert _SUM.fullmatch(written), written
    return sum(math.prod(map(float, _FACTOR.findall(part))) for part in written.split(" + "))


def plan_of(case: Case) -> Plan:
    """Read the plan of a case."""
    return read_plan(case.home / "plan.json")


@each_case
def test_edits(name: str, tmp_path: Path) -> None:
    """The expected literal is edited and nothing else moves, or the reason is the expected one."""
    case = load(name, CASES)
    outcomes = [judge(one, tmp_path / f"copy-{i}") for i, one in enumerate(case.expectations)]
    wrong = {o.asked.name: o.wrong for o in outcomes if o.wrong}
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


@each_case
def test_groups(name: str) -> None:
    """Each group that the case tells of is read as it says, and no other is found."""
    case = load(name, CASES)
    found = {group.address: group for group in plan_of(case).groups}
    assert set(found) == {told["address"] for told in case.groups}
    for told in case.groups:
        wanted = {key: value for key, value in told.items() if key != "address"}
        assert {key: _said(found[told["address"]], key) for key in wanted} == wanted


def _said(group: InstanceGroup, key: str) -> object:
    """Return a field of a group in the words of a case: types by name, scalers by class."""
    if key == "instance_types":
        return [slot.instance_type for slot in group.slots]
    if key == "scalers":
        return [type(scaler).__name__ for scaler in group.scalers]
    if key == "sites":
        return sorted(group.sites)
    return getattr(group, key)


@each_case
def test_skipped(name: str) -> None:
    """What is not analysed is listed, each with the reason that the case gives."""
    case = load(name, CASES)
    found = {one.address: one.reason for one in plan_of(case).skipped}
    assert set(found) == {told["address"] for told in case.skipped}
    for told in case.skipped:
        assert re.search(told["reason"], found[told["address"]]), found[told["address"]]


@each_case
def test_costs(name: str, tmp_path: Path) -> None:
    """A group of constant size costs what its owner works out by hand, within a per mille."""
    case = load(name, CASES)
    if not case.costs:
        return
    folder = case.copy(tmp_path / "copy") / case.config_dir
    words = [sys.executable, "-m", "tfopt", "simulate", str(case.home / "plan.json")]
    words += ["--config-dir", str(folder), "--scenarios", "2", "--horizon", "1d"]
    said = subprocess.run([*words, "--format", "json"], capture_output=True, check=True)
    costs = {group["address"]: group["cost"] for group in json.loads(said.stdout)["groups"]}
    for told in case.costs:
        cost: dict[str, Any] = costs[told["address"]]
        assert cost["monthly_usd"]["p50"] == pytest.approx(by_hand(told["monthly_usd"]), rel=1e-3)


def test_every_case_says_what_it_is_about() -> None:
    """A sentence each, and something to hold tfopt to."""
    for name in NAMES:
        case = load(name, CASES)
        assert case.about.endswith(".")
        assert case.asked or case.groups or case.skipped


def test_every_kind_has_a_patch_a_refusal_and_a_price() -> None:
    """Each kind of Google Cloud and Azure is edited, refused and priced in some case."""
    kinds = {kind for kind in adapters.GROUP_KINDS if not kind.startswith("aws_")}
    patched, refused, priced = set(), set(), set()
    for name in NAMES:
        case = load(name, CASES)
        kind = {group.address: group.kind for group in plan_of(case).groups}
        patched |= {kind[one.address] for one in case.expectations if one.patched}
        refused |= {kind[one.address] for one in case.expectations if one.refused}
        priced |= {kind[one["address"]] for one in case.costs}
    assert (patched & kinds, refused & kinds, priced & kinds) == (kinds, kinds, kinds)
