"""The clairvoyant bound: against every possible course of small groups, and below real ones."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_problems import FAST, SMALL, make_problem

from tfopt_policies.bound import bounded, clairvoyant_usd, relaxed, relaxed_sizes
from tfopt_policies.calibrated import CalibratedTracking
from tfopt_policies.sizing import need, past_weeks
from tfopt_policies.static import PeakStatic
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Machine

Course = tuple[int, ...]

small_needs = st.lists(st.integers(0, 3), min_size=1, max_size=6)
boots = st.sampled_from([0.0, 0.5, 1.0, 3.0, 10.0])


def instance_minutes(course: Course, boot_minutes: float) -> float:
    """What a course of sizes costs: its minutes, and a boot for every launch after the first."""
    launches = sum(max(0, n - before) for before, n in pairwise(course))
    return sum(course) + boot_minutes * launches


def short(course: Course, needed: list[int]) -> int:
    return sum(n < wanted for n, wanted in zip(course, needed, strict=True))


def courses(needed: list[int]) -> list[Course]:
    return list(product(range(max(needed) + 1), repeat=len(needed)))


@settings(max_examples=150, deadline=None)
@given(small_needs, boots, st.floats(0.0, 20.0))
def test_the_programme_finds_what_trying_every_course_finds(
    needed: list[int], boot_minutes: float, price: float
) -> None:
    """Two running minima a minute give the exact minimum over all courses of sizes."""
    tried = min(
        instance_minutes(course, boot_minutes) + price * short(course, needed)
        for course in courses(needed)
    )
    found = relaxed(np.array([needed]), boot_minutes, np.array([price]))
    assert found[0] == pytest.approx(tried)


@settings(max_examples=100, deadline=None)
@given(small_needs, boots, st.integers(0, 3))
def test_the_bound_never_exceeds_the_best_course_within_the_allowance(
    needed: list[int], boot_minutes: float, allowed: int
) -> None:
    """Weak duality: no course that leaves so few minutes short costs less."""
    best = min(
        instance_minutes(course, boot_minutes)
        for course in courses(needed)
        if short(course, needed) <= allowed
    )
    found = bounded(np.array([needed]), boot_minutes, np.array([float(allowed)]))
    assert found[0] <= best + 1e-9
    if allowed == 0:
        assert found[0] == pytest.approx(best, rel=1e-3)


def test_series_do_not_touch_each_other() -> None:
    """Many series at once give what each gives alone."""
    rng = np.random.default_rng(0)
    needed = rng.integers(0, 9, (5, 40))
    allowed = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    together = bounded(needed, 2.5, allowed)
    alone = [bounded(needed[k : k + 1], 2.5, allowed[k : k + 1])[0] for k in range(5)]
    assert together == pytest.approx(alone)


@pytest.mark.parametrize("machines", [(SMALL,), (SMALL, FAST)])
def test_bound_is_below_every_configuration_that_holds(machines: tuple[Machine, ...]) -> None:
    """On a week known in advance, no configuration that holds the SLO is cheaper."""
    problem = make_problem(machines=machines)
    week = past_weeks(problem.history, 1).rps
    bound = clairvoyant_usd(problem, week, machines)[0]
    rng = np.random.default_rng(0)
    wanted = [*CalibratedTracking().propose(problem, rng), *PeakStatic().propose(problem, rng)]
    start = problem.history.start
    outcome = simulate(wanted, week, problem.workload, problem.slo, start)
    held = outcome.bad_minute_share[:, 0] <= problem.slo.max_bad_minutes
    assert held.any()
    assert (outcome.cost_usd[held, 0] >= bound).all()


def test_bound_of_steady_demand_is_the_least_size() -> None:
    """With nothing to scale, the bound is the fewest instances, all week."""
    problem = make_problem(machines=(SMALL,))
    rps = np.full((1, 7 * 1440), 300.0)
    least = int(need(problem, SMALL, rps[:, :1])[0, 0]) * SMALL.usd_per_hour * 168
    bound = clairvoyant_usd(problem, rps, (SMALL,))[0]
    assert 0.98 * least <= bound <= least


def test_the_cheapest_sizes_cost_what_the_bound_says() -> None:
    """The path behind the minimum adds up to it."""
    rng = np.random.default_rng(0)
    needed = rng.integers(1, 9, (4, 60))
    price = np.array([0.5, 2.0, 8.0, 40.0])
    sizes = relaxed_sizes(needed, 3.0, price)
    launched = np.maximum(np.diff(sizes, axis=1), 0).sum(axis=1)
    short = (sizes < needed).sum(axis=1)
    paid = sizes.sum(axis=1) + 3.0 * launched + price * short
    np.testing.assert_allclose(paid, relaxed(needed, 3.0, price))
