"""Every baseline proposes only what the configuration can say, and the same thing twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_problems import FAST, SMALL, demand, make_problem

from tfopt_policies.calibrated import (
    CalibratedTracking,
    RandomSearch,
    neighbours,
    safer,
    single_steps,
)
from tfopt_policies.candidates import AT_MOST, candidates
from tfopt_policies.errors import PolicyError
from tfopt_policies.expressible import express
from tfopt_policies.floors import MAX_ACTIONS, floors_by_hour
from tfopt_policies.policy import Knobs, Problem
from tfopt_policies.registry import baselines, load
from tfopt_policies.sizing import aimed_cpu, need, past_weeks, replay, usd_per_hour
from tfopt_policies.static import CalibratedStatic, PeakStatic
from tfopt_sim.rollout import service_limits
from tfopt_sim.types import (
    Alarm,
    Configuration,
    Fleet,
    ScheduledAction,
    Slot,
    Step,
    StepScaling,
    TargetTracking,
)

PROBLEM = make_problem()  # made once: hypothesis runs many examples on it

knobs_of_scaled = st.builds(
    Knobs,
    instance_type=st.booleans(),
    min_size=st.booleans(),
    max_size=st.booleans(),
    desired_capacity=st.just(False),
    target_cpu=st.booleans(),
    schedules=st.booleans(),
    max_target_cpu=st.floats(0.4, 0.9),
    largest_size=st.integers(15, 200),
)
wanted = st.builds(
    Configuration,
    machine=st.sampled_from([SMALL, FAST]),
    min_size=st.integers(0, 300),
    max_size=st.integers(0, 300),
    desired_capacity=st.integers(0, 300),
    scaling=st.one_of(st.just(()), st.tuples(st.builds(TargetTracking, st.floats(0.05, 1.0)))),
    schedules=st.just((ScheduledAction("0 8 * * *", min_size=5),)),
)


def assert_within(problem: Problem, found: Configuration) -> None:
    knobs, present = problem.knobs, problem.present
    assert 0 <= found.min_size <= found.desired_capacity <= found.max_size
    assert knobs.instance_type or found.machine == present.machine
    assert knobs.min_size or found.min_size == present.min_size
    assert knobs.max_size or found.max_size == present.max_size or found.min_size > 0
    assert knobs.schedules or found.schedules == present.schedules
    assert (found.tracking is None) == (present.tracking is None)
    if found.tracking is not None and found.scaling != present.scaling:
        assert knobs.target_cpu
        assert found.tracking.target <= knobs.max_target_cpu
    if knobs.max_size and found.min_size != present.min_size:
        assert found.max_size <= max(knobs.largest_size, present.min_size)


@given(knobs=knobs_of_scaled, configuration=wanted)
def test_express_keeps_every_knob(knobs: Knobs, configuration: Configuration) -> None:
    """Whatever is wanted, what comes out is expressible, and stays when expressed again."""
    problem = make_variant(knobs)
    found = express(problem, configuration)
    assert_within(problem, found)
    assert express(problem, found) == found


@settings(max_examples=15, deadline=None)
@given(knobs=knobs_of_scaled)
def test_every_baseline_keeps_every_knob(knobs: Knobs) -> None:
    """No baseline proposes what the configuration has no place for."""
    problem = make_variant(knobs)
    for policy in baselines(knobs):
        proposals = policy.propose(problem, np.random.default_rng(0))
        assert proposals, policy.name
        for found in proposals:
            assert_within(problem, found)


def test_present_settings_express_themselves() -> None:
    """What stands in the configuration is expressible, whatever the knobs."""
    for knobs in (Knobs(), Knobs(min_size=False, max_size=False, instance_type=False)):
        problem = make_variant(knobs)
        assert express(problem, problem.present) == problem.present


def test_nothing_scaled_moves_desired_and_bounds_only_as_needed() -> None:
    """Where nothing scales the group, min and max give way only as far as desired needs."""
    present = Configuration(SMALL, 4, 8, 6)
    problem = make_problem(present=present, machines=(SMALL,), knobs=Knobs(desired_capacity=True))
    smaller = express(problem, Configuration(SMALL, 3, 3, 3))
    assert (smaller.min_size, smaller.max_size, smaller.desired_capacity) == (3, 8, 3)
    larger = express(problem, Configuration(SMALL, 9, 9, 9))
    assert (larger.min_size, larger.max_size, larger.desired_capacity) == (4, 9, 9)


def test_baselines_are_deterministic(problem: Problem) -> None:
    """The same seed gives the same proposals; random search moves with another seed."""
    for policy in baselines(problem.knobs):
        first = policy.propose(problem, np.random.default_rng(7))
        assert first == policy.propose(problem, np.random.default_rng(7)), policy.name
    search = RandomSearch()
    other = search.propose(problem, np.random.default_rng(8))
    assert other != search.propose(problem, np.random.default_rng(7))


def test_calibrated_tracking_meets_the_last_week_cheaper_than_peak_static(
    problem: Problem,
) -> None:
    """It is calibrated: it held the week it was tuned on, and scaling pays on a daily wave."""
    rng = np.random.default_rng(0)
    chosen = CalibratedTracking().propose(problem, rng)[0]
    static = PeakStatic().propose(problem, rng)[0]
    outcome = replay(problem, [chosen, static], weeks=1)
    assert outcome.bad_minute_share[0, 0] <= problem.slo.max_bad_minutes
    assert outcome.cost_usd[0, 0] < outcome.cost_usd[1, 0]


def test_calibrated_static_is_the_smallest_that_met_the_last_week() -> None:
    """On steady demand one instance less would have missed the SLO."""
    history = demand(swing=0.0)
    problem = make_problem(
        history=history,
        present=Configuration(SMALL, 20, 20, 20),
        machines=(SMALL,),
        knobs=Knobs(desired_capacity=True),
    )
    chosen = CalibratedStatic().propose(problem, np.random.default_rng(0))[0]
    fewer = express(problem, Configuration(SMALL, 1, 1, chosen.desired_capacity - 1))
    outcome = replay(problem, [chosen, fewer], weeks=1)
    assert outcome.bad_minute_share[0, 0] <= problem.slo.max_bad_minutes
    assert outcome.bad_minute_share[1, 0] > problem.slo.max_bad_minutes


def test_type_choice_takes_the_cheaper_throughput(problem: Problem) -> None:
    """A machine with twice the work for a fifth more is taken by every calibrated baseline."""
    for policy in (PeakStatic(), CalibratedTracking()):
        assert policy.propose(problem, np.random.default_rng(0))[0].machine == FAST


@given(rps=st.floats(0.1, 5000))
@settings(deadline=None)
def test_need_is_the_fewest_that_serve(rps: float) -> None:
    """`need` agrees with the service limits: enough at that size, not at one less."""
    size = int(need(PROBLEM, SMALL, np.array([rps]))[0])
    sizes = np.array([max(size - 1, 1), size])
    below, at = service_limits(SMALL, PROBLEM.workload, PROBLEM.slo, sizes)
    # between computed sizes the limit is interpolated, so it may be off by 1 %
    assert at >= rps * 0.99 or size == PROBLEM.knobs.largest_size
    assert size == 1 or below < rps * 1.01


def test_past_weeks_end_where_history_ends() -> None:
    """Weeks are whole, the newest last, and start at the same minute of the week."""
    week = past_weeks(demand(days=16), 4)
    assert week.rps.shape == (2, 7 * 1440)
    assert week.start.isoformat() == "2026-03-11T00:00:00+00:00"


def test_floors_follow_the_day(problem: Problem) -> None:
    """The highest floor stands at the wave's crest (06:00), within the number of actions."""
    floors = floors_by_hour(problem, SMALL, 0.9, 1.0)
    assert 2 <= len(floors) <= MAX_ACTIONS
    highest = max(floors, key=lambda action: action.min_size or 0)
    assert 2 <= int(highest.recurrence.split()[1]) <= 6
    lowest = min(action.min_size or 0 for action in floors)
    assert (highest.min_size or 0) > 2 * lowest


def test_neighbours_differ_and_safer_is_safer(problem: Problem) -> None:
    """Steps move away; safer forms never have less room in minimum and target."""
    start = CalibratedTracking().propose(problem, np.random.default_rng(0))[0]
    assert start not in single_steps(start)
    for found in safer(start):
        assert found.tracking is not None
        assert start.tracking is not None
        assert found.min_size >= start.min_size
        assert found.tracking.target <= start.tracking.target
        assert found != start


@pytest.mark.parametrize("schedules", [False, True])
@pytest.mark.parametrize("machines", [(SMALL,), (SMALL, FAST)])
def test_candidates_stay_few_and_expressible(machines: tuple, schedules: bool) -> None:
    """The planner's grid fits its limit and holds frugal and safe settings alike."""
    knobs = Knobs(target_cpu=True, schedules=schedules)
    problem = make_problem(machines=machines, knobs=knobs)
    found = candidates(problem)
    assert 30 <= len(found) <= AT_MOST
    assert len(set(found)) == len(found)
    for configuration in found:
        assert_within(problem, configuration)
    assert {c.machine for c in found} == set(machines)


def test_unknown_policy_names_the_known(tmp_path) -> None:
    """A misspelt policy is told with what exists."""
    with pytest.raises(PolicyError, match=r"no policy called 'plannner'.*calibrated-tracking"):
        load("plannner", tmp_path)
    assert load("peak-static", tmp_path).name == "peak-static"


def make_variant(knobs: Knobs) -> Problem:
    machines = PROBLEM.machines if knobs.instance_type else PROBLEM.machines[:1]
    return Problem(
        PROBLEM.history,
        PROBLEM.model,
        PROBLEM.scenarios_rps,
        PROBLEM.workload,
        PROBLEM.slo,
        PROBLEM.present,
        machines,
        knobs,
    )


OUT, IN = Alarm(0.6, ">"), Alarm(0.3, "<", datapoints=15, of=15)
STEPPED = replace(
    PROBLEM.present,
    scaling=(
        StepScaling(OUT, (Step(25, 0.0),), "percent", min_magnitude=1),
        StepScaling(IN, (Step(-1, upper=0.0),)),
    ),
)


@pytest.mark.parametrize("step", [single_steps, safer, neighbours])
def test_without_a_target_the_bounds_are_what_moves(
    step: Callable[[Configuration], list[Configuration]],
) -> None:
    """Steps around a group that scales by steps keep them; safer ones never have less room."""
    near = step(STEPPED)
    assert len({(one.min_size, one.max_size) for one in near}) == len(near) > 2
    for one in near:
        assert (one.scaling, one.desired_capacity) == (STEPPED.scaling, STEPPED.desired_capacity)
        assert one != STEPPED
    if step is safer:
        assert all(one.min_size >= STEPPED.min_size for one in near)


def test_candidates_of_a_group_with_steps_differ_in_bounds_and_type() -> None:
    """Without a target to set, each pair of bounds is weighed once."""
    knobs = Knobs(instance_type=True)
    found = candidates(replace(PROBLEM, present=STEPPED, knobs=knobs))
    assert len({one.machine for one in found}) == 2
    assert len({(one.machine, one.min_size, one.max_size) for one in found}) == len(found) > 10
    assert {one.scaling for one in found} == {STEPPED.scaling}


def test_what_a_group_aims_at_is_its_strictest_limit() -> None:
    """Alarms for scale-in do not count; requests a minute are turned into CPU."""
    workload = PROBLEM.workload  # 20 ms on 2 vCPUs: 6,000 requests a minute keep all of them busy
    assert aimed_cpu(STEPPED, workload) == 0.6
    requests = TargetTracking(3000, metric="requests")
    both = replace(STEPPED, scaling=(*STEPPED.scaling, requests))
    assert aimed_cpu(both, workload) == pytest.approx(0.5)
    assert aimed_cpu(replace(STEPPED, scaling=()), workload) is None


def test_weights_make_sizes_count_in_units() -> None:
    """An instance that counts for two takes two units, each at half its price, part of it spot."""
    slot = Slot(SMALL, weight=2, spot_usd_per_hour=0.04)
    fleet = Fleet(slots=(slot, Slot(FAST, 4, 0.05)), spot_share=0.5)
    weighted = replace(PROBLEM, present=replace(PROBLEM.present, fleet=fleet))
    rps = np.array([100.0, 400.0])
    assert (need(weighted, SMALL, rps) == 2 * need(PROBLEM, SMALL, rps)).all()
    assert usd_per_hour(PROBLEM, SMALL) == SMALL.usd_per_hour
    assert usd_per_hour(weighted, SMALL) == pytest.approx((0.10 + 0.04) / 2 / 2)
