"""What a real plan says of scaling and buying is what is simulated: from the plan to its cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tfopt.plan.read import read_plan
from tfopt.pricing import load_book
from tfopt.scenario import Case, build_case
from tfopt.settings import Settings
from tfopt_policies.policy import Knobs
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, Fleet, Money, Outcome

PLANS = Path(__file__).parent.parent / "plan" / "scaling"
DAY_S = 86_400
NAMES = ("step-alarms", "mixed-spot", "predictive-warm-pool", "cpu-and-requests")


def case_of(name: str) -> Case:
    """Return the first group of a recorded plan with a day of assumed traffic ahead."""
    group = read_plan(PLANS / name / "plan.json").groups[0]
    return build_case(group, Settings(), load_book(), knobs=Knobs(), horizon_s=DAY_S, seed=0)


def simulated(case: Case, *configurations: Configuration) -> Outcome:
    problem = case.problem
    rps = case.held_back_rps[:8]
    return simulate(
        configurations,
        rps,
        problem.workload,
        problem.slo,
        case.start,
        forecast_rps=case.forecast_rps,
    )


@pytest.mark.parametrize("name", NAMES)
def test_its_policies_move_the_group(name: str) -> None:
    """A day's wave launches instances, and the same group without policies costs otherwise."""
    case = case_of(name)
    present = case.problem.present
    found = simulated(case, present, replace(present, scaling=()))
    assert (found.launches[0] > found.launches[1]).all()
    assert (found.mean_instances[0] > found.mean_instances[1]).all()
    assert np.isfinite(found.cost_usd).all()


def test_spot_is_cheaper_and_disks_are_paid() -> None:
    """The bill of a mixed group has its parts; on demand alone it is larger."""
    case = case_of("mixed-spot")
    present = case.problem.present
    on_demand = replace(present, fleet=replace(present.fleet, spot_share=0.0))
    found = simulated(case, present, on_demand)
    assert found.bill is not None
    assert (found.bill.spot[0] > 0).all()
    assert (found.bill.spot[1] == 0).all()
    assert (found.cost_usd[0] < 0.8 * found.cost_usd[1]).all()
    disks = simulated(case_of("step-alarms"), case_of("step-alarms").problem.present).bill
    assert disks is not None
    assert (disks.disk > 0).all()


def test_a_warm_pool_brings_instances_sooner() -> None:
    """Where boots take ten minutes, the same day without it has more bad minutes."""
    case = case_of("predictive-warm-pool")
    present = case.problem.present
    assert present.fleet.warm_pool is not None
    slow = replace(case.problem.workload, boot_s=600.0)
    slow_case = replace(case, problem=replace(case.problem, workload=slow))
    found = simulated(slow_case, present, replace(present, fleet=Fleet()))
    assert found.bad_minute_share[0].mean() < found.bad_minute_share[1].mean()


def test_a_commitment_changes_what_a_group_pays() -> None:
    """Its part is paid whatever runs; what it covers is not paid at list price."""
    group = read_plan(PLANS / "cpu-and-requests" / "plan.json").groups[0]
    stated = {"defaults": {"commitments": {"usd_per_hour": 0.1, "discount": 0.3}}}
    case = build_case(
        group,
        Settings.model_validate(stated),
        load_book(),
        knobs=Knobs(),
        horizon_s=DAY_S,
        seed=0,
        committed_usd_per_hour=0.1,
    )
    present = case.problem.present
    found = simulated(case, present, replace(present, money=Money()))
    assert found.bill is not None
    assert found.bill.commitment[0] == pytest.approx(2.4)
    assert (found.bill.commitment[1] == 0).all()
    assert (found.bill.on_demand[0] < found.bill.on_demand[1]).all()
