"""The compiled simulator minute by minute: against the plain one, and what must always hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_simulator import Change, Group, simulate_plainly

from tfopt_sim import dynamics
from tfopt_sim.autoscaling.tracking import proportional
from tfopt_sim.draws import draw, offsets
from tfopt_sim.rollout import parameters, room_of, simulate, trajectory
from tfopt_sim.tables import service_of, service_table
from tfopt_sim.types import (
    Adjustment,
    Alarm,
    Configuration,
    Fleet,
    Machine,
    Metric,
    ScheduledAction,
    SimpleScaling,
    Slo,
    Step,
    StepScaling,
    TargetTracking,
    Trajectory,
    WarmPool,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("m5.large", vcpus=2, memory_gib=8, usd_per_hour=0.096)
WORKLOAD = Workload(
    cpu_s_per_request=0.5, boot_s=90, boot="fixed", arrivals="even"
)  # one instance: 4 requests/s
SLO = Slo(p99_ms=3000)
CAPACITY_RPS = 4.0


WARMUPS = st.sampled_from([0.0, 60.0, 150.0, 300.0])


@st.composite
def trackings(draw: st.DrawFn) -> TargetTracking:
    metric: Metric = draw(st.sampled_from(["cpu", "requests"]))
    full = 1.0 if metric == "cpu" else 60 * CAPACITY_RPS
    return TargetTracking(
        target=draw(st.sampled_from([0.3, 0.5, 0.6, 0.75])) * full,
        scale_in_ratio=draw(st.sampled_from([0.7, 0.9])),
        out_datapoints=draw(st.integers(1, 3)),
        in_datapoints=draw(st.integers(1, 15)),
        metric_period_s=draw(st.sampled_from([60, 300])),
        warmup_s=draw(WARMUPS),
        scale_in=draw(st.booleans()),
        metric=metric,
        cooldowns_s=draw(st.none() | st.tuples(WARMUPS, WARMUPS)),
    )


@st.composite
def alarms(draw: st.DrawFn) -> Alarm:
    of = draw(st.integers(1, 4))
    return Alarm(
        threshold=draw(st.sampled_from([0.25, 0.4, 0.7])),
        comparison=draw(st.sampled_from([">", ">=", "<", "<="])),
        period_s=draw(st.sampled_from([60, 120])),
        datapoints=draw(st.integers(1, of)),
        of=of,
    )


@st.composite
def step_scalings(draw: st.DrawFn) -> StepScaling:
    alarm = draw(alarms())
    adjustment: Adjustment = draw(st.sampled_from(["change", "percent", "exact"]))
    near, far = draw(st.tuples(st.integers(0, 12), st.integers(0, 12)))
    steps = (Step(near, 0, 0.1), Step(far, 0.1))
    if alarm.comparison in ("<", "<="):
        sign = 1 if adjustment == "exact" else -1
        steps = (Step(sign * near, -0.1, 0), Step(sign * far, None, -0.1))
    if adjustment == "percent":
        steps = tuple(replace(step, change=9 * step.change) for step in steps)
    cooldown_s = draw(st.none() | WARMUPS)
    least = draw(st.integers(0, 2))
    return StepScaling(alarm, steps, adjustment, least, draw(WARMUPS), cooldown_s)


@st.composite
def simple_scalings(draw: st.DrawFn) -> SimpleScaling:
    return SimpleScaling(
        draw(alarms()),
        draw(st.integers(-3, 3)),
        draw(st.sampled_from(["change", "change", "percent"])),
        draw(st.integers(0, 2)),
        draw(WARMUPS),
    )


@st.composite
def warm_pools(draw: st.DrawFn) -> WarmPool:
    return WarmPool(
        min_size=draw(st.integers(0, 3)),
        max_prepared=draw(st.none() | st.integers(0, 12)),
        state=draw(st.sampled_from(["stopped", "running"])),
        start_s=draw(st.sampled_from([0.0, 60.0, 120.0])),
        reuse_on_scale_in=draw(st.booleans()),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Configuration, Workload, list[float], list[Change]]:
    """A small group, a demand that steps between levels, and a few scheduled changes."""
    policies = trackings() | step_scalings() | simple_scalings()
    low = draw(st.integers(0, 4))
    high = draw(st.integers(low, 14))
    configuration = Configuration(
        machine=MACHINE,
        min_size=low,
        max_size=high,
        desired_capacity=draw(st.integers(low, high)),
        scaling=tuple(draw(st.lists(policies, max_size=3))),
        fleet=Fleet(warm_pool=draw(st.none() | warm_pools())),
    )
    workload = replace(
        WORKLOAD,
        boot_s=draw(st.sampled_from([0.0, 30.0, 90.0, 240.0])),
        timeout_s=draw(st.sampled_from([0.0, 5.0, 100.0])),
    )
    levels = st.tuples(st.floats(0.0, 60.0).map(lambda x: round(x, 2)), st.integers(1, 25))
    demand = [
        rps for rps, times in draw(st.lists(levels, min_size=1, max_size=8)) for _ in range(times)
    ]
    sizes = st.none() | st.integers(0, 10)
    changes = []
    for minute in draw(st.sets(st.integers(0, len(demand) - 1), max_size=3)):
        lowest, highest, desired = draw(st.tuples(sizes, sizes, sizes))
        if lowest is not None and highest is not None:
            lowest, highest = sorted((lowest, highest))
        changes.append(Change(minute, lowest, highest, desired))
    return configuration, workload, demand, changes


def as_schedule(change: Change) -> ScheduledAction:
    """An action that runs once: at one minute of one day of the year."""
    hour, minute = divmod(change.minute, 60)
    return ScheduledAction(
        f"{minute} {hour} 5 1 *", "Etc/UTC", change.min_size, change.max_size, change.desired
    )


@settings(max_examples=400, deadline=None)
@given(cases())
def test_every_minute_equals_the_plain_simulation(
    case: tuple[Configuration, Workload, list[float], list[Change]],
) -> None:
    """Same instances in service, same billed, same CPU, backlog and lost requests, each minute."""
    configuration, workload, demand, changes = case
    group = Group(
        (configuration.min_size, configuration.max_size),
        configuration.desired_capacity,
        configuration.scaling,
        CAPACITY_RPS,
        workload.timeout_s,
        configuration.fleet.warm_pool,
    )
    plain = simulate_plainly(group, demand, -int(-workload.boot_s // 60), changes)
    scheduled = replace(configuration, schedules=tuple(as_schedule(change) for change in changes))
    seen = trajectory(scheduled, np.array(demand), workload, SLO, MONDAY)
    assert seen.in_service.tolist() == [minute.in_service for minute in plain]
    assert seen.billed.tolist() == [minute.billed for minute in plain]
    assert seen.cpu.tolist() == pytest.approx([minute.cpu for minute in plain])
    assert seen.backlog_requests.tolist() == pytest.approx([minute.backlog for minute in plain])
    assert seen.extras["lost_requests"] == pytest.approx(sum(minute.lost for minute in plain))
    assert seen.cost_usd == pytest.approx(sum(m.billed for m in plain) * 0.096 / 60)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_requests_are_served_waiting_or_lost(
    case: tuple[Configuration, Workload, list[float], list[Change]],
) -> None:
    """No request appears or vanishes: what arrived was worked on, waits at the end, or gave up."""
    configuration, workload, demand, _ = case
    seen = trajectory(configuration, np.array(demand), workload, SLO, MONDAY)
    served = float((seen.cpu * seen.in_service * CAPACITY_RPS * 60).sum())
    gone = served + float(seen.backlog_requests[-1]) + seen.extras["lost_requests"]
    assert gone == pytest.approx(60 * sum(demand))


def test_the_step_without_compilation_gives_the_same_minutes() -> None:
    """Compilation changes no result: the plain Python step and the kernel agree exactly."""
    workload = replace(WORKLOAD, boot="distribution", boot_s=150)
    policies = (
        TargetTracking(0.5, warmup_s=120),
        TargetTracking(0.6, cooldowns_s=(120.0, 120.0)),
        StepScaling(Alarm(0.8, ">"), (Step(2, 0),)),
        SimpleScaling(Alarm(0.2, "<"), -1),
    )
    fleet = Fleet(warm_pool=WarmPool(min_size=1, start_s=60))
    configuration = Configuration(MACHINE, 1, 12, 2, policies, fleet=fleet)
    service = service_of(MACHINE, workload, SLO)
    params = parameters(configuration, workload, service)
    table = service_table(service, 12)
    drawn = draw(workload, 7)
    offset = int(offsets(1, 7)[0])
    room = room_of(configuration, drawn)
    demand = 10 + 9 * np.sin(np.arange(300) / 40) + np.random.default_rng(1).random(300)
    seen = trajectory(configuration, demand, workload, SLO, MONDAY, seed=7)

    state = dynamics.initial.py_func(params)
    none = np.empty((0, 6), dtype=np.int64)
    for t, rps in enumerate(demand):
        boot, jitter = (kind[(offset + t) % kind.size] for kind in drawn)
        state, minute = dynamics.step.py_func(
            params, table, none, state, room, t, rps, boot, jitter
        )
        assert minute.in_service == seen.in_service[t]
        assert minute.billed == seen.billed[t]
        assert minute.bad == pytest.approx(seen.bad[t])
    assert seen.extras["launches"] > 5


def counted(seen: Trajectory) -> dict[str, float]:
    """The totals that are no money."""
    return {name: value for name, value in seen.extras.items() if not name.endswith("_usd")}


def test_many_runs_in_one_call_equal_single_ones() -> None:
    """`simulate` adds up exactly the minutes that `trajectory` shows for its first scenario."""
    demand = 20 + 15 * np.random.default_rng(0).random((3, 400))
    small = Configuration(MACHINE, 2, 20, 4, (TargetTracking(0.5),))
    large = replace(small, machine=replace(MACHINE, vcpus=4, usd_per_hour=0.2), max_size=40)
    outcome = simulate([small, large], demand, WORKLOAD, SLO, MONDAY)
    for row, configuration in enumerate((small, large)):
        one = trajectory(configuration, demand[0], WORKLOAD, SLO, MONDAY)
        assert outcome.cost_usd[row, 0] == pytest.approx(one.cost_usd)
        for name, value in counted(one).items():
            if name != "lost_requests":
                assert getattr(outcome, name)[row, 0] == pytest.approx(value), name
    assert outcome.cost_usd.shape == (2, 3)
    assert outcome.hours == pytest.approx(400 / 60)


def test_boot_times_are_common_to_alternatives_and_follow_the_seed() -> None:
    """The same launch boots alike in two configurations; another seed draws other boots."""
    workload = replace(WORKLOAD, boot="distribution", boot_s=240)
    demand = np.full((1, 60), 30.0)
    configuration = Configuration(MACHINE, 1, 30, 2, (TargetTracking(0.5),))
    twin = replace(configuration, machine=replace(MACHINE, name="other", usd_per_hour=1.0))
    both = simulate([configuration, twin], demand, workload, SLO, MONDAY, seed=1)
    assert both.slow_share[0, 0] == both.slow_share[1, 0]
    again = simulate([configuration], demand, workload, SLO, MONDAY, seed=1)
    assert again.cost_usd[0, 0] == both.cost_usd[0, 0]
    starts = {
        tuple(trajectory(configuration, demand[0], workload, SLO, MONDAY, seed=s).in_service)
        for s in range(8)
    }
    assert len(starts) > 1


def test_drawn_boot_times_have_the_stated_median_and_spread() -> None:
    """Median boot_s and log-normal sigma 0.3, rounded up to the tick that serves."""
    minutes = draw(replace(WORKLOAD, boot="distribution", boot_s=600), seed=0).boots
    assert np.median(minutes) == pytest.approx(10.5, abs=0.5)
    assert np.quantile(minutes, 0.84) == pytest.approx(10 * np.exp(0.3) + 0.5, abs=0.6)
    assert (draw(WORKLOAD, seed=0).boots == 2).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20), st.integers(0, 2**31))
def test_more_instances_never_serve_worse(size: int, seed: int) -> None:
    """One static instance more: no more slow requests, no higher p99, a higher bill."""
    demand = np.random.default_rng(seed).gamma(2.0, 10.0, 120)
    fewer = Configuration(MACHINE, size, size, size)
    more = Configuration(MACHINE, size + 1, size + 1, size + 1)
    less = trajectory(fewer, demand, WORKLOAD, SLO, MONDAY)
    well = trajectory(more, demand, WORKLOAD, SLO, MONDAY)
    assert well.extras["slow_share"] <= less.extras["slow_share"] + 1e-9
    assert well.p99_ms <= less.p99_ms * (1 + 1e-4)
    assert well.backlog_requests.sum() <= less.backlog_requests.sum()
    assert well.cost_usd > less.cost_usd


def test_impossible_input_is_refused() -> None:
    """Demand that is no demand and bounds that are no bounds raise, naming what was wrong."""
    configuration = Configuration(MACHINE, 1, 2, 1)
    good = np.ones((1, 5))
    for demand, message in (
        (np.ones(5), "shape"),
        (np.ones((0, 5)), "shape"),
        (-good, "negative"),
        (good * np.nan, "finite"),
        (good * np.inf, "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            simulate([configuration], demand, WORKLOAD, SLO, MONDAY)
    with pytest.raises(ValueError, match="min_size 3 and max_size 2"):
        simulate([replace(configuration, min_size=3)], good, WORKLOAD, SLO, MONDAY)


def test_an_empty_group_has_no_cpu_and_serves_nobody() -> None:
    """With nothing in service every minute with arrivals is bad, and no alarm can ring."""
    configuration = Configuration(MACHINE, 0, 5, 0, (TargetTracking(0.5),))
    seen = trajectory(configuration, np.full(30, 2.0), WORKLOAD, SLO, MONDAY)
    assert seen.billed.max() == 0
    assert seen.cpu.max() == 0
    assert seen.bad.min() > 0.999
    quiet = trajectory(configuration, np.zeros(30), WORKLOAD, SLO, MONDAY)
    assert quiet.bad.max() == 0
    assert quiet.p99_ms == 0


def test_wanted_capacity_does_not_round_up_exact_ratios() -> None:
    """3 instances at exactly the target stay 3, whatever binary fractions make of 0.7."""
    for target in (0.3, 0.35, 0.45, 0.6, 0.7):
        assert [proportional(n, target, target) for n in range(1, 200)] == list(range(1, 200))
