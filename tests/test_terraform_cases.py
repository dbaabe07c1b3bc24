"""Every folder of tests/cases/terraform: `tfopt set` does what a referee who knows Terraform says.

The plans, and what Terraform planned with each patch, are recorded by `tools/record_cases.py`. A
recorded re-plan vouches for exactly the bytes whose digest it carries; `-m 'long and terraform'`
asks the real Terraform again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.batches import batches
from tests.support.referee import objections, offline_env, plan
from tests.support.set_command import Outcome, arguments, judge, set_value
from tests.support.terraform_cases import (
    NAMES,
    Case,
    Expectation,
    delta,
    digest,
    load,
    ordered,
    patched_document,
)

RIGHT = 0.95  # the least share of expectations that are met
each_case = pytest.mark.parametrize("name", NAMES)


def judged(case: Case, folder: Path) -> list[Outcome]:
    """Ask for every value of a case, each in a copy of its own."""
    return [judge(asked, folder / f"copy-{i}") for i, asked in enumerate(case.expectations)]


def held_against(case: Case, folder: Path) -> list[str]:
    """Return what the recorded re-plans hold against the patches, and against a second run."""
    made = batches(case, folder)
    if [(one["asked"], one["digest"]) for one in case.replans] != [
        (batch.names, digest(batch.files)) for batch in made
    ]:
        return [f"other patches are recorded: run tools/record_cases.py --replans {case.name}"]
    wrong = []
    for i, (batch, recorded) in enumerate(zip(made, case.replans, strict=True)):
        root = folder / f"batch-{i}"
        batch.write(root)
        after = patched_document(case.plan, recorded["delta"])
        wrong += min((objections(each, case.plan, after) for each in batch.answers), key=len)
        for asked in batch.asked:
            again = set_value(asked, root, plan=after)
            if again.code != 0 or again.stdout:
                wrong.append(f"a second run is not empty: {again.stdout}{again.stderr}")
    return wrong


@each_case
def test_case(name: str, tmp_path: Path) -> None:
    """The expected literal is edited, or the edit refused; Terraform planned what was wanted."""
    outcomes = judged(load(name), tmp_path)
    assert outcomes
    wrong = {o.asked.name: o.wrong for o in outcomes if o.wrong and not o.asked.falls_short}
    met = [o.asked.name for o in outcomes if not o.wrong and o.asked.falls_short]
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)
    assert not met, f"no longer falls short: {met}"


@each_case
def test_recorded_plans_hold_nothing_against_the_patches(name: str, tmp_path: Path) -> None:
    """Terraform planned exactly these bytes, and only what was asked for and listed moved."""
    assert held_against(load(name), tmp_path) == []


def test_nearly_all_is_right_and_no_leaf_is_wrong(tmp_path: Path) -> None:
    """95 % of the expectations are met (`test_case` holds each); the rest edits nothing wrong."""
    asked = [one for name in NAMES for one in load(name).expectations]
    short = [one for one in asked if one.falls_short]
    outcomes = [judge(one, tmp_path / f"{i}") for i, one in enumerate(short)]
    assert len(NAMES) >= 60
    assert len(asked) - len(short) >= RIGHT * len(asked), f"{len(short)} of {len(asked)}"
    assert [(o.asked.case.name, o.asked.name) for o in outcomes if o.wrong_leaf] == []


def test_every_case_says_what_it_is_about_and_asks_something_once() -> None:
    """A sentence and a form for each case; no question twice; every patch has its re-plan."""
    for case in map(load, NAMES):
        assert case.about.endswith(".")
        assert case.form
        names = [asked.name for asked in case.expectations]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["literal-on-resource", "keys-with-quotes", "common-file-outside"])
def test_as_a_process(name: str, tmp_path: Path) -> None:
    """The command gives a user in a shell what it gives in this process."""
    case = load(name)
    asked = case.expectations[0]
    root = case.copy(tmp_path / "copy")
    words = [sys.executable, "-m", "tfopt", *arguments(asked, case.home / "plan.json")]
    done = subprocess.run(words, cwd=root, capture_output=True, check=False)
    said = set_value(asked, root)
    assert (done.returncode, done.stdout.decode()) == (0, said.stdout)
    assert said.stdout.startswith("--- a/")


@pytest.fixture(scope="session")
def offline(
    tmp_path_factory: pytest.TempPathFactory, terraform_env: dict[str, str]
) -> dict[str, str]:
    """Return an environment in which a copy can be planned without an init of its own."""
    return offline_env(tmp_path_factory.mktemp("init"), terraform_env)


@pytest.mark.long
@pytest.mark.terraform
@each_case
def test_terraform_plans_what_was_wanted_and_nothing_else(
    name: str, tmp_path: Path, offline: dict[str, str]
) -> None:
    """Planned anew with each patch, exactly the value asked for and the listed others move."""
    case = load(name)
    made = batches(case, tmp_path)
    if not made:
        again = plan(case, case.copy(tmp_path / "copy"), offline)
        assert delta(ordered(case.plan), ordered(again)) == []
    for i, (batch, recorded) in enumerate(zip(made, case.replans, strict=True)):
        root = tmp_path / f"batch-{i}"
        batch.write(root)
        after = plan(case, root, offline)
        assert not all(objections(each, case.plan, after) for each in batch.answers)
        wanted = patched_document(case.plan, recorded["delta"])
        assert delta(ordered(wanted), ordered(after)) == []


def test_an_expectation_that_is_not_met_is_seen(tmp_path: Path) -> None:
    """The harness tells a wrong literal, a missed refusal and an unlisted move."""
    case = load("shared-two-groups")
    asked = next(one for one in case.expectations if one.attribute == "min_size")
    assert judge(asked, tmp_path / "right").wrong == ()
    for i, (change, told) in enumerate(_FALSIFIED):
        falsified = Expectation(**{**_members(asked), **change})
        outcome = judge(falsified, tmp_path / f"copy-{i}")
        assert any(told in wrong for wrong in outcome.wrong), (change, outcome.wrong)


_FALSIFIED = (
    ({"leaf": "main.tf:2", "old": '"m5.large"'}, "wanted main.tf:2"),
    ({"leaf": None, "refused": "never"}, "wanted refusal"),
    ({"moves": frozenset()}, "moves"),
    ({"grade": "module-default"}, "grade"),
)


def _members(asked: Expectation) -> dict[str, object]:
    return {name: getattr(asked, name) for name in Expectation.__dataclass_fields__}
