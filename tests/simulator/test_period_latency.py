"""Latency over a whole period, and a trajectory's place among the scenarios of `simulate`."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.rollout import simulate, trajectory
from tfopt_sim.types import Configuration, Machine, Slo, TargetTracking, Workload

START = datetime(2026, 3, 2, tzinfo=UTC)
ONE = Configuration(Machine("one", 2, 8, 0.1), 1, 1, 1)
WORK = Workload(cpu_s_per_request=0.02)


@pytest.mark.parametrize("hours", [1, 24])
def test_waits_of_an_overload_are_those_of_a_fluid(hours: int) -> None:
    """At 1.5 × what one instance serves the k-th of n minutes ends k ÷ 2 behind: p99 by hand."""
    minutes = 60 * hours
    path = trajectory(ONE, np.full(minutes, 150.0), WORK, Slo(), START)
    assert path.backlog_requests[-1] == pytest.approx(50 * 60 * minutes)
    assert path.p99_ms == pytest.approx(0.99 * 0.5 * 60_000 * minutes, rel=0.02)


def test_a_trajectory_is_one_scenario_of_simulate() -> None:
    """Whichever it is, its totals are those that `simulate` finds with the same seed."""
    scaled = Configuration(ONE.machine, 1, 9, 2, scaling=(TargetTracking(0.5),))
    rng = np.random.default_rng(1)
    demand = 100 * np.exp(0.5 * rng.standard_normal((5, 6)).repeat(60, axis=1))
    outcome = simulate([scaled], demand, WORK, Slo(), START, seed=7)
    for k, rps in enumerate(demand):
        path = trajectory(scaled, rps, WORK, Slo(), START, seed=7, scenario=k)
        assert path.cost_usd == pytest.approx(outcome.cost_usd[0, k])
        assert path.extras["launches"] == outcome.launches[0, k]
        assert path.extras["mean_cpu"] == pytest.approx(outcome.mean_cpu[0, k])


def test_latency_may_be_left_out() -> None:
    """Without it the minutes are the same, and p99 is no number."""
    rps = np.full(60, 50.0)
    whole = trajectory(ONE, rps, WORK, Slo(), START)
    quick = trajectory(ONE, rps, WORK, Slo(), START, latency=False)
    assert quick.cpu.tolist() == whole.cpu.tolist()
    assert math.isnan(quick.p99_ms)
    assert whole.p99_ms > 20
