"""Groups followed one by one: the fast kernel's minutes, spot reclaims, sums that hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_simulator import Change
from test_dynamics import CAPACITY_RPS, MACHINE, SLO, WORKLOAD, as_schedule, cases, counted

from tfopt_sim.instances import NEVER, SPOT, add
from tfopt_sim.market import INTERRUPTIONS, market_of
from tfopt_sim.market import SPOT_USD as SPOT_CELL
from tfopt_sim.mixed import end_reclaimed
from tfopt_sim.purchasing import needs_instances
from tfopt_sim.rollout import simulate, trajectory
from tfopt_sim.spot import open_pools, reclaim
from tfopt_sim.types import (
    Alarm,
    Configuration,
    Fleet,
    PredictiveScaling,
    ScheduledAction,
    Slot,
    Step,
    StepScaling,
    TargetTracking,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SPOT_USD = 0.035
CALM = Slot(MACHINE, 1, SPOT_USD, 0.0)  # never interrupted
STEPS = StepScaling(Alarm(0.6, ">"), (Step(30.0, 0.0, 0.2), Step(60.0, 0.2)), "percent", 2, 120.0)
BUSY = np.full(600, 30.0)  # 7.5 instances' worth


@settings(max_examples=100, deadline=None)
@given(cases(), st.booleans(), st.booleans())
def test_one_type_in_one_zone_is_the_fast_kernel(
    case: tuple[Configuration, Workload, list[float], list[Change]], stepped: bool, spot: bool
) -> None:
    """Every minute alike: spot instances that nobody reclaims are as good, but cheaper."""
    configuration, workload, demand, changes = case
    configuration = replace(
        configuration,
        fleet=Fleet(),  # a mixed one has no warm pool
        scaling=configuration.scaling + ((STEPS,) if stepped else ()),
        schedules=tuple(as_schedule(change) for change in changes),
    )
    fast = trajectory(configuration, np.array(demand), workload, SLO, MONDAY)
    fleet = Fleet((CALM,), spot_share=1.0 if spot else 0.01, on_demand_base=0 if spot else 10**6)
    mixed = replace(configuration, fleet=fleet)
    assert needs_instances(mixed)
    seen = trajectory(mixed, np.array(demand), workload, SLO, MONDAY)
    assert seen.in_service.tolist() == fast.in_service.tolist()
    assert seen.billed.tolist() == fast.billed.tolist()
    for name in ("cpu", "backlog_requests", "bad"):
        assert getattr(seen, name) == pytest.approx(getattr(fast, name))
    assert counted(seen) == pytest.approx(counted(fast))
    assert seen.p99_ms == pytest.approx(fast.p99_ms)
    usd = SPOT_USD if spot else MACHINE.usd_per_hour
    assert seen.cost_usd == pytest.approx(fast.billed.sum() * usd / 60)


def mixed_group(**fleet: object) -> Configuration:
    """A group of two sizes on three zones, mostly spot, under target tracking."""
    double = replace(MACHINE, name="m5.xlarge", vcpus=4, usd_per_hour=0.192)
    slots = (Slot(MACHINE, 1, SPOT_USD, 0.3), Slot(double, 2, 0.06, 0.5))
    made = Fleet(slots, 2, 0.8, zones=3, reclaimed_share=0.5)
    return Configuration(
        MACHINE,
        2,
        40,
        10,
        (TargetTracking(0.5),),
        fleet=replace(made, **fleet),  # type: ignore[arg-type]
    )


def test_totals_add_up_what_the_minutes_show() -> None:
    """`simulate` and `trajectory` agree on the first scenario; the bill's parts are the cost."""
    demand = 30 + 20 * np.random.default_rng(0).random((2, 700))
    group = mixed_group()
    outcome = simulate([group], demand, WORKLOAD, SLO, MONDAY)
    one = trajectory(group, demand[0], WORKLOAD, SLO, MONDAY)
    assert outcome.bill is not None
    assert outcome.cost_usd[0, 0] == pytest.approx(one.cost_usd)
    assert outcome.cost_usd == pytest.approx(outcome.bill.total)
    assert outcome.bill.spot.min() > 0
    for name, value in counted(one).items():
        if name != "lost_requests":
            assert getattr(outcome, name)[0, 0] == pytest.approx(value), name


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**20), st.integers(1, 3), st.floats(0.0, 1.0), st.booleans())
def test_instance_minutes_are_what_is_paid(
    seed: int, zones: int, spot_share: float, rebalance: bool
) -> None:
    """Where an instance costs 1 $ a minute, the bill counts the billed instance-minutes.

    Nobody is reclaimed within the first hour here, which EC2 does not charge.
    """
    rng = np.random.default_rng(seed)
    demand = np.repeat(rng.gamma(2.0, 15.0, 12), 30)
    machine = replace(MACHINE, usd_per_hour=60.0)
    fleet = Fleet(
        (Slot(machine, 1, 60.0, 0.0), Slot(replace(machine, name="b"), 3, 60.0, 0.0)),
        1,
        spot_share,
        zones=zones,
        capacity_rebalance=rebalance,
    )
    group = Configuration(machine, 1, 50, 4, (TargetTracking(0.6),), fleet=fleet)
    seen = trajectory(group, demand, WORKLOAD, SLO, MONDAY, seed=seed)
    assert seen.cost_usd == pytest.approx(seen.billed.sum())
    served = seen.cpu.sum() <= demand.size
    assert served
    gone = seen.backlog_requests[-1] + seen.extras["lost_requests"]
    assert gone <= 60 * demand.sum() * (1 + 1e-9)


def test_weights_scale_capacity_in_units() -> None:
    """8 units wanted of a type that counts 2 and serves twice as much: four instances, as busy.

    Target tracking works on units: 8 at 75 % against 50 % asks for 12, six instances.
    """
    double = replace(MACHINE, name="m5.xlarge", vcpus=4, usd_per_hour=0.192)
    fleet = Fleet((Slot(double, 2),))
    group = Configuration(MACHINE, 2, 40, 8, (TargetTracking(0.5),), fleet=fleet)
    demand = np.full(120, 0.75 * 8 * CAPACITY_RPS)
    seen = trajectory(group, demand, WORKLOAD, SLO, MONDAY)
    assert seen.in_service[0] == 4
    assert seen.cpu[0] == pytest.approx(0.75)
    assert seen.in_service[-1] == 6
    assert seen.cost_usd == pytest.approx(seen.billed.sum() * 0.192 / 60)


def test_a_forecast_counts_in_units() -> None:
    """Predictive scaling asks for 8 units of 4 requests/s each: four instances that count 2."""
    double = replace(MACHINE, name="m5.xlarge", vcpus=4, usd_per_hour=0.192)
    group = Configuration(MACHINE, 2, 40, 2, (PredictiveScaling(0.5),))
    weighted = replace(group, fleet=Fleet((Slot(double, 2),)))
    demand = np.full(180, 0.5 * 8 * CAPACITY_RPS)
    assert trajectory(group, demand, WORKLOAD, SLO, MONDAY).in_service[-1] == 8
    assert trajectory(weighted, demand, WORKLOAD, SLO, MONDAY).in_service[-1] == 4


def test_scale_in_keeps_what_a_lighter_instance_cannot_replace() -> None:
    """Capacity stays at or above the desired one: 7 wanted of threes stays 9 (weighting page)."""
    fleet = Fleet((Slot(MACHINE, 3),))
    shrink = ScheduledAction("30 0 * * *", desired_capacity=7)
    group = Configuration(MACHINE, 0, 40, 12, schedules=(shrink,), fleet=fleet)
    seen = trajectory(group, np.full(60, 1.0), WORKLOAD, SLO, MONDAY)
    assert seen.in_service[29:31].tolist() == [4, 3]


def reclaimed_group(share: float, **fleet: object) -> Configuration:
    """Forty spot instances of one pool, each reclaimed with 90 % probability in a month."""
    slots = (Slot(MACHINE, 1, SPOT_USD, 0.9),)
    made = Fleet(slots, spot_share=1.0, reclaimed_share=share)
    return Configuration(MACHINE, 40, 40, 40, fleet=replace(made, **fleet))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_an_instance_is_lost_as_often_whatever_the_share(share: float) -> None:
    """The hazard of one instance is −ln(1 − 0.9) a month; the share only bundles the losses."""
    weeks, minutes = 150, 10_080
    demand = np.ones((weeks, minutes))
    outcome = simulate([reclaimed_group(share)], demand, WORKLOAD, SLO, MONDAY)
    assert outcome.interruptions is not None
    lost = outcome.interruptions[0]
    expected = -np.log(0.1) / 730 * 40 * minutes / 60
    error = np.sqrt(expected * (1 + 39 * share) / weeks)
    # a pool that is reclaimed leaves up to an hour without those it lost
    assert lost.mean() == pytest.approx(expected * 0.995, abs=4 * error)
    # losses of one reclaim: variance grows by the pairs that go together
    assert lost.var() / lost.mean() == pytest.approx(1 + 39 * share, rel=0.5)


def test_a_reclaim_gives_two_minutes_notice_and_takes_several_of_its_pool() -> None:
    """Of pool (zone 1, slot 0) about the stated share ends two minutes later; nobody else does."""
    group = reclaimed_group(0.5, zones=2)
    made = market_of(group, 400)
    open_pools(made.pools, made.offers, 3)
    parts = (made.roster, made.pools, made.offers, made.buying)
    r = made.roster
    r.size[0] = 400
    r.option[:400], r.ends[:400], r.zone[:400] = 1, NEVER, np.arange(400) % 2
    made.pools.due[:] = [[1e9], [100.5]]
    reclaim(*parts, 3, 100)
    ends = r.ends[:400]
    assert set(ends[r.zone[:400] == 0]) == {NEVER}
    assert set(ends[r.zone[:400] == 1]) == {102, NEVER}
    assert (ends == 102).sum() == pytest.approx(100, abs=35)
    assert made.pools.dry_until[1, 0] == 160
    assert made.pools.dry_until[0, 0] < 0


def losses(group: Configuration, boot_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return in service and billed of a scenario that loses instances."""
    workload = replace(WORKLOAD, boot_s=boot_s)
    demand = np.ones(20_160)
    seen = trajectory(group, demand, workload, SLO, MONDAY, seed=5)
    assert seen.extras["interruptions"] > 0
    return seen.in_service, seen.billed


def test_a_lost_instance_is_replaced_and_the_boot_is_paid() -> None:
    """Billed stays at what is desired; the replacement serves once it has booted.

    A second pool sells it, as the first has nothing for an hour.
    """
    other = Slot(replace(MACHINE, name="other"), 1, 0.05, 0.0)
    fleet = Fleet((Slot(MACHINE, 1, SPOT_USD, 0.9), other), spot_share=1.0)
    fleet = replace(fleet, spot_allocation="prioritized", reclaimed_share=1.0)
    group = Configuration(MACHINE, 40, 40, 40, fleet=fleet)
    in_service, billed = losses(group, 240)
    assert billed.min() == billed.max() == 40
    assert in_service.min() == 0
    gaps = np.flatnonzero(np.diff((in_service < 40).astype(int)))
    assert gaps[1] - gaps[0] == 4


def test_capacity_rebalancing_orders_the_replacement_at_the_notice() -> None:
    """Both run for the two minutes: with a boot of two minutes nothing is missing.

    EC2 Auto Scaling user guide, "Use Capacity Rebalancing to handle Spot Interruptions".
    """
    other = Slot(replace(MACHINE, name="other"), 1, 0.05, 0.0)
    fleet = Fleet((Slot(MACHINE, 1, SPOT_USD, 0.9), other), spot_share=1.0, capacity_rebalance=True)
    fleet = replace(fleet, spot_allocation="prioritized", reclaimed_share=1.0)
    group = Configuration(MACHINE, 40, 40, 40, fleet=fleet)
    in_service, billed = losses(group, 120)
    assert in_service.min() == 40
    assert billed.max() == 80


@pytest.mark.parametrize(("age", "paid"), [(30, 0.0), (59, 0.0), (60, 60.0), (90, 90.0)])
def test_the_first_hour_of_a_reclaimed_instance_is_free(age: int, paid: float) -> None:
    """EC2 user guide, "Billing for interrupted Spot Instances": Amazon EC2, in the first hour."""
    made = market_of(reclaimed_group(1.0), 40)
    add.py_func(made.roster, made.offers, 0, SPOT, 0, 1000 - age, 2)
    made.roster.ends[0] = 1000
    made.ledger[SPOT_CELL] = age * made.offers.spot_usd[0]
    end_reclaimed(made, 1000)
    assert made.roster.size[0] == 0
    assert made.ledger[SPOT_CELL] == pytest.approx(paid * made.offers.spot_usd[0])
    assert made.ledger[INTERRUPTIONS] == 1


def test_alternatives_meet_the_same_reclaims() -> None:
    """The pool of a dearer twin is reclaimed at the same minutes."""
    group = reclaimed_group(1.0)
    dear = replace(group, fleet=replace(group.fleet, slots=(Slot(MACHINE, 1, 0.09, 0.9),)))
    demand = np.ones((20, 5000))
    outcome = simulate([group, dear], demand, WORKLOAD, SLO, MONDAY)
    assert outcome.interruptions is not None
    assert outcome.interruptions[0].tolist() == outcome.interruptions[1].tolist()
    assert outcome.interruptions.std() > 0


def test_zones_even_out_once_the_market_allows() -> None:
    """What a dry zone lost is launched in the others; when it sells again one moves at a time.

    So more is launched than lost; while a newcomer boots there is one instance too many.
    """
    slot = Slot(MACHINE, 1, SPOT_USD, 0.999)
    fleet = Fleet((slot,), spot_share=1.0, reclaimed_share=1.0, zones=3)
    group = Configuration(MACHINE, 12, 12, 12, fleet=fleet)
    seen = trajectory(group, np.full(40_000, 5.0), WORKLOAD, SLO, MONDAY)
    assert seen.extras["interruptions"] > 20
    assert seen.extras["launches"] > seen.extras["interruptions"]
    assert seen.billed.max() == 13
    assert np.bincount(seen.billed).argmax() == 12
