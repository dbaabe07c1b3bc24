"""Every public plan file at hand is read, or refused with one clear line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tfopt.errors import TfoptError
from tfopt.plan import adapters
from tfopt.plan.model import Plan
from tfopt.plan.read import read_plan

# files whose number of resources differs from the number of groups, by the start of their name
_GROUPED = "counted and keyed instances of one block are one group"
EXPLAINED = {
    "antonbabenko-terraform-cost-estimation__samples-terraform012": _GROUPED,
    "infracost-infracost__cmd-infracost-testdata-terraform-v0-12-plan": _GROUPED,
    "infracost-infracost__cmd-infracost-testdata-terraform-v0-14-plan": _GROUPED,
    "lmarqs-terraform-ui__demo-fixtures-plan-large": _GROUPED,
    "carboniferio-carbonifer__test-terraform-planJson-plan": _GROUPED,
    "AlexTzk-gcp-infrastructure__plan__872e710a": "its cluster has no node pool of its own",
    "open-policy-agent-conftest__examples-hcl1-gke-show": "its cluster has no node pool of its own",
    "lmarqs-terraform-ui__tests-fixtures-compat-plan-destroy": "its instance is destroyed",
    "cycloidio-terracost__testdata-aws-asg-plan": (
        "edited by hand: one group has another key in planned_values than in resource_changes"
    ),
}
READABLE = {"plan", "plan+junk", "plan-fragment"}


@pytest.fixture(scope="module")
def index(material: Path) -> list[dict[str, Any]]:
    """Return the list of files and what each is."""
    found: list[dict[str, Any]] = json.loads((material / "plans" / "index.json").read_text())
    return found


@pytest.fixture(scope="module")
def read_or_refused(material: Path, index: list[dict[str, Any]]) -> dict[str, Plan | TfoptError]:
    """Read every file; anything but a plan or the one error type fails here."""
    found: dict[str, Plan | TfoptError] = {}
    for entry in index:
        try:
            found[entry["file"]] = read_plan(material / "plans" / entry["file"])
        except TfoptError as refused:
            found[entry["file"]] = refused
    return found


def test_refusals_are_one_line(read_or_refused: dict[str, Plan | TfoptError]) -> None:
    """What is refused is refused in one line with a hint."""
    refusals = [one for one in read_or_refused.values() if isinstance(one, TfoptError)]
    assert refusals
    assert all("\n" not in str(one) and one.hint for one in refusals)


def test_all_plans_are_read(
    index: list[dict[str, Any]], read_or_refused: dict[str, Plan | TfoptError]
) -> None:
    """Each of the 79 real plans is read, and so are those with junk around them and fragments."""
    assert sum(entry["kind"] == "plan" for entry in index) == 79
    refused = {
        entry["file"]: str(read_or_refused[entry["file"]])
        for entry in index
        if entry["kind"] in READABLE and isinstance(read_or_refused[entry["file"]], TfoptError)
    }
    assert refused == {}


def test_what_is_no_plan_is_refused(
    index: list[dict[str, Any]], read_or_refused: dict[str, Plan | TfoptError]
) -> None:
    """State, schemas and source are never taken for a plan; each is called what it is."""
    words = {"state-show-json": "this is state", "other-json": "JSON schema"}
    for entry in index:
        if entry["kind"] in READABLE or entry["kind"] == "binary-plan-zip":
            continue
        found = read_or_refused[entry["file"]]
        assert isinstance(found, TfoptError), entry["file"]
        assert words.get(entry["kind"], "not") in str(found)


def test_group_counts(
    index: list[dict[str, Any]], read_or_refused: dict[str, Plan | TfoptError]
) -> None:
    """As many groups are found as the files hold resources of each kind, or we know why not."""
    differing = set()
    for entry in index:
        plan = read_or_refused[entry["file"]]
        if entry["kind"] != "plan" or not isinstance(plan, Plan):
            continue
        counts = Counter(group.kind for group in plan.groups)
        wanted = {k: n for k, n in entry["ig_counts"].items() if k in adapters.GROUP_KINDS}
        if counts != wanted:
            differing.add(
                next((k for k in EXPLAINED if entry["file"].startswith(k)), entry["file"])
            )
    assert differing == set(EXPLAINED)


def test_group_addresses_are_unique(read_or_refused: dict[str, Plan | TfoptError]) -> None:
    """No two groups of a plan share an address."""
    for name, plan in read_or_refused.items():
        if isinstance(plan, Plan):
            addresses = [group.address for group in plan.groups]
            assert len(addresses) == len(set(addresses)), name
