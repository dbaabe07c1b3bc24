"""Guardrails of tfopt.toml: each one that is read bounds what is proposed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tfopt.advise.leaves import knobs_of, trace_groups
from tfopt.plan.model import InstanceGroup
from tfopt.plan.read import read_plan
from tfopt.pricing import load_book
from tfopt.scenario import Case, build_case
from tfopt.settings import CommitmentsTable, Settings
from tfopt_policies.expressible import express

if TYPE_CHECKING:
    from conftest import RunTfopt

ROOT = Path(__file__).resolve().parents[2]
PLANS = ROOT / "tests" / "plan" / "scaling"
SHOP = read_plan(ROOT / "examples" / "web-shop" / "plan.json")
HELD = next(group for group in SHOP.groups if group.address == "aws_eks_node_group.apps")
SCALED = next(group for group in SHOP.groups if group.address == "aws_autoscaling_group.web")


def case_of(group: InstanceGroup, **defaults: object) -> Case:
    settings = Settings.model_validate({"defaults": defaults})
    leaves = trace_groups(SHOP, None, "no sources")[group.address]
    return build_case(
        group,
        settings,
        load_book(),
        knobs=knobs_of(group, leaves, settings.defaults),
        horizon_s=7 * 86_400,
        seed=0,
        held_back=20,
        committed_usd_per_hour=0.5,
    )


def smallest(case: Case, machine: int = 0) -> int:
    """Return how small the group may be proposed on one of its machines."""
    problem = case.problem
    tiny = replace(problem.present, machine=problem.machines[machine], desired_capacity=1)
    return express(problem, tiny).desired_capacity


@pytest.mark.parametrize("machine", [0, 3])  # m5.2xlarge as now, r8a.xlarge
def test_headroom_keeps_a_group_that_nothing_scales_large_enough(machine: int) -> None:
    """At the size that is left, the busiest expected minute leaves the share of CPU free."""
    case = case_of(HELD, min_headroom=0.2)
    problem, size = case.problem, smallest(case, machine)
    type_ = problem.machines[machine]
    peak = float(np.quantile(problem.scenarios_rps.max(axis=1), 0.95))
    capacity = size * type_.vcpus * type_.speed / problem.workload.cpu_s_per_request
    assert peak / capacity <= 0.8 + 0.02  # the peak here is that of fewer scenarios
    assert smallest(case_of(HELD), machine) < size


def test_headroom_is_no_reason_to_grow() -> None:
    """A share that even the present size does not leave free keeps the present size."""
    case = case_of(HELD, min_headroom=0.99)
    assert smallest(case) == case.problem.present.desired_capacity


def test_headroom_bounds_the_target_of_a_scaled_group() -> None:
    """The stricter of max_target_cpu and min_headroom holds."""
    assert case_of(SCALED, min_headroom=0.4).problem.knobs.max_target_cpu == pytest.approx(0.6)
    both = case_of(SCALED, min_headroom=0.4, max_target_cpu=0.5)
    assert both.problem.knobs.max_target_cpu == 0.5


@pytest.mark.parametrize(
    ("ends", "counted"), [(None, True), ("2099-12-31", True), ("2026-01-31", False)]
)
def test_commitments_count_until_they_end(ends: str | None, counted: bool) -> None:
    """After its last day a savings plan neither costs nor covers anything, and that is said."""
    stated = {"usd_per_hour": 0.5, "discount": 0.3} | ({"ends": ends} if ends else {})
    case = case_of(HELD, commitments=stated)
    money = case.problem.present.money
    wanted = (0.5, 0.3) if counted else (0.0, 0.0)
    assert (money.committed_usd_per_hour, money.committed_discount) == wanted
    assert counted is not any("the commitments end on 2026-01-31" in n for n in case.notes)


def test_the_last_day_of_a_commitment_is_covered() -> None:
    """`ends` is inclusive."""
    table = CommitmentsTable(usd_per_hour=1, discount=0.2, ends=date(2027, 3, 31))
    assert table.covers(date(2027, 3, 31))
    assert not table.covers(date(2027, 4, 1))


def test_nothing_is_proposed_for_a_group_with_more_spot_than_allowed(
    tfopt: RunTfopt, tmp_path: Path
) -> None:
    """The reason names the share and the key; with a wider rule the group is analysed."""
    (tmp_path / "tfopt.toml").write_text("[defaults]\nmax_spot_share = 0.25\n")
    plan = PLANS / "mixed-spot" / "plan.json"
    done = tfopt("recommend", plan, "--workloads", "tfopt.toml", "--format", "json", cwd=tmp_path)
    (group,) = json.loads(done.stdout)["groups"]
    assert group["status"] == "not-analysed"
    assert "above max_spot_share = 0.25 of tfopt.toml" in group["reason"]
    assert group["edits"] == []
