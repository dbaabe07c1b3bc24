"""CPU credits: AWS's own examples, sums that hold, and cohorts against every instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.credits import (
    credits_of,
    empty_cohorts,
    full_speed,
    owed,
    resized,
    settle,
    start,
)
from tfopt_sim.purchasing import needs_instances
from tfopt_sim.rollout import simulate, trajectory
from tfopt_sim.types import (
    Bill,
    Burst,
    Configuration,
    Fleet,
    FloatArray,
    Machine,
    Slo,
    TargetTracking,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
LARGE = Machine("t3.large", 2, 8, 0.0835, burst=Burst(0.30, 36, 864))
NANO = Machine("t3.nano", 2, 0.5, 0.0052, burst=Burst(0.05, 6, 144))
WORK = Workload(0.02, boot_s=120, boot="fixed", arrivals="even")
ONE_BY_ONE = Fleet(termination=("oldest-template", "default"))  # no older template: as by default
SLO = Slo()


def standard(machine: Machine) -> Machine:
    """Return the machine in standard mode."""
    assert machine.burst is not None
    return replace(machine, burst=replace(machine.burst, unlimited=False))


def bill(group: Configuration, cpu: Sequence[float] | FloatArray, fleet: Fleet) -> Bill:
    """Return the bill of a group under a demand given in busy instances."""
    demand = np.array(cpu)[None] * group.machine.vcpus / WORK.cpu_s_per_request
    outcome = simulate([replace(group, fleet=fleet)], demand, WORK, SLO, MONDAY)
    assert outcome.bill is not None
    return outcome.bill


def hours(*parts: tuple[float, float]) -> list[float]:
    """Return one value per minute from (hours, value)."""
    return [value for length, value in parts for _ in range(round(60 * length))]


NANO_STORY = ((24, 0.0), (12, 0.025), (24, 0.07), (12, 0.025), (5, 1.0), (13, 0.05), (24, 0.0))


def test_balances_follow_the_users_guide() -> None:
    """t3.nano unlimited, P1 to P7: 144, 144, 86.4, 122, −144 after 304 charged, −144, 0.

    EC2 user guide, "Unlimited mode examples", example 1. Its 570 credits of P5 are what 5 hours at
    100 % spend beyond the 30 that they earn.
    """
    credits = credits_of(NANO)
    balance, charged, seen = 0.0, 0.0, []
    for length, cpu in NANO_STORY:
        for _ in range(60 * length):
            balance, due = settle.py_func(credits, balance, cpu * 2)
            charged += due
        seen.append(balance)
    assert seen == pytest.approx([144, 144, 86.4, 122.4, -144, -144, 0], abs=0.1)
    assert charged == pytest.approx(304, abs=1)


@pytest.mark.parametrize("fleet", [Fleet(), ONE_BY_ONE])
def test_the_surplus_of_the_users_guide_is_billed(fleet: Fleet) -> None:
    """Both kernels charge those 304 credits at 5 ¢ a vCPU-hour."""
    one = Configuration(NANO, 1, 1, 1)
    paid = bill(one, hours(*NANO_STORY), fleet)
    assert paid.surplus[0, 0] == pytest.approx(304 / 60 * 0.05, rel=0.01)


@pytest.mark.parametrize("fleet", [Fleet(), ONE_BY_ONE])
def test_t3_large_breaks_even_with_m5_at_the_documented_cpu(fleet: Fleet) -> None:
    """At 42.5 % CPU a t3.large at $0.0835 costs what an m5.large does, $0.096.

    EC2 user guide, "When to use unlimited mode versus fixed CPU".
    """
    paid = bill(Configuration(LARGE, 1, 1, 1), [0.425] * 2880, fleet)
    assert paid.total[0, 0] / 48 == pytest.approx(0.096, abs=1e-5)
    full = bill(Configuration(LARGE, 1, 1, 1), [0.999] * 2880, fleet)
    assert full.total[0, 0] / 48 / 0.096 == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("fleet", [Fleet(), ONE_BY_ONE])
def test_a_day_at_the_baseline_adds_nothing(fleet: Fleet) -> None:
    """30 % on average over the day is covered by the price of the instance."""
    paid = bill(Configuration(LARGE, 1, 1, 1), hours((12, 0.2), (12, 0.4)), fleet)
    assert paid.surplus[0, 0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("fleet", [Fleet(), ONE_BY_ONE])
def test_surplus_is_charged_when_the_instance_ends(fleet: Fleet) -> None:
    """An instance that bursts and is terminated pays at once, however quiet it is afterwards.

    EC2 user guide, "Surplus credits can incur charges": "The instance is stopped or terminated".
    """
    group = Configuration(LARGE, 1, 2, 2, (TargetTracking(0.5, warmup_s=0),))
    short = bill(group, hours((2, 1.0), (22, 0.0)), fleet)
    kept = bill(replace(group, min_size=2), hours((2, 1.0), (22, 0.0)), fleet)
    assert kept.surplus[0, 0] == pytest.approx(0.0, abs=1e-9)
    spent = 120 * (1.0 - 0.6)  # credits of each instance at 50 %, beyond what it earns
    earned = 15 * 0.6  # until the alarm has seen 15 quiet minutes
    assert short.surplus[0, 0] == pytest.approx((spent - earned) / 60 * 0.05, rel=0.05)


def test_standard_mode_falls_to_its_baseline() -> None:
    """Eight idle hours save 288 credits: full speed for 288 ÷ 1.4 minutes, then 30 % of it.

    EC2 user guide, "Standard mode concepts"; nothing is charged beyond the price of the instance.
    """
    group = Configuration(standard(LARGE), 1, 1, 1)
    cpu = hours((8, 0.0), (8, 1.1))
    demand = np.array(cpu) * 2 / WORK.cpu_s_per_request
    seen = trajectory(group, demand, WORK, SLO, MONDAY)
    full = int(288 / 1.4)
    assert seen.cpu[480 : 480 + full - 1] == pytest.approx(1.0)
    assert seen.cpu[480 + full + 2 :] == pytest.approx(0.3)
    assert seen.cost_usd == pytest.approx(16 * 0.0835)
    assert seen.p99_ms > 1e6


def test_a_machine_without_credits_never_slows_down() -> None:
    """It earns what it can spend and neither saves nor owes."""
    credits = credits_of(Machine("m5.large", 2, 8, 0.096))
    assert full_speed.py_func(credits, 0.0) == 1.0
    assert settle.py_func(credits, 0.0, 2.0) == (0.0, 0.0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=200), st.booleans())
def test_credits_are_saved_spent_owed_or_charged(minutes: list[float], unlimited: bool) -> None:
    """What was earned, less what was lost above the cap, is spent or still there."""
    machine = NANO if unlimited else standard(NANO)
    credits = credits_of(machine)
    balance, charged, lost, spent = 0.0, 0.0, 0.0, 0.0
    for cpu in minutes:
        used = cpu * 2 * full_speed.py_func(credits, balance)
        lost += max(0.0, balance + credits.earned - used - credits.most)
        balance, due = settle.py_func(credits, balance, used)
        charged, spent = charged + due, spent + used
        assert -144.0 <= balance <= 144.0
        assert unlimited or balance >= -1e-9
    assert balance == pytest.approx(credits.earned * len(minutes) - spent - lost + charged)


def churning(days: int, peak: float, noise: float, seed: int) -> FloatArray:
    """Return busy t3.large per minute: days that rise and fall, with bursts."""
    rng = np.random.default_rng(seed)
    minute = np.arange(days * 1440)
    shape = 0.5 - 0.45 * np.cos(2 * np.pi * minute / 1440)
    bursts = np.repeat(rng.gamma(1 / noise**2, noise**2, days * 144), 10)
    return np.asarray(peak * shape * bursts)


@pytest.mark.parametrize("target", [0.25, 0.4, 0.6])
@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_cohorts_stand_for_every_instance(target: float, noise: float) -> None:
    """A week of t3.large that come and go costs the same within 1.5 %, surplus or not."""
    group = Configuration(LARGE, 2, 40, 4, (TargetTracking(target, warmup_s=120),))
    demand = np.stack([churning(7, 8.0, noise, s) for s in range(4)]) * 2 / WORK.cpu_s_per_request
    fast = simulate([group], demand, WORK, SLO, MONDAY)
    true = simulate([replace(group, fleet=ONE_BY_ONE)], demand, WORK, SLO, MONDAY)
    assert fast.cost_usd == pytest.approx(true.cost_usd, rel=0.015)
    assert fast.bad_minute_share == pytest.approx(true.bad_minute_share)


def test_who_is_followed_one_by_one() -> None:
    """Instances that slow down by themselves; not those that buy what they lack."""
    assert needs_instances(Configuration(standard(LARGE), 1, 2, 1))
    assert needs_instances(Configuration(LARGE, 1, 2, 1, fleet=ONE_BY_ONE))
    assert not needs_instances(Configuration(LARGE, 1, 2, 1))
    assert not needs_instances(Configuration(LARGE, 1, 2, 1, fleet=Fleet(zones=3)))


def test_more_cohorts_than_places_keep_every_instance_and_credit() -> None:
    """Launches far apart in credits: the closest become one, and nothing is lost."""
    credits = credits_of(LARGE)
    cohorts = empty_cohorts()
    start.py_func(credits, cohorts, 3)
    total = 0.0
    for k in range(20):
        resized.py_func(credits, cohorts, 3 + k, 4 + k)
        cohorts.balance[cohorts.size > 0] -= 7.0
        total -= 7.0 * (4 + k)
    assert cohorts.size.sum() == pytest.approx(23)
    assert (cohorts.size * cohorts.balance).sum() == pytest.approx(total)
    assert owed.py_func(cohorts) == pytest.approx(-total)
    resized.py_func(credits, cohorts, 23, 20)
    assert cohorts.surplus[0] == pytest.approx(-total * 3 / 23)
