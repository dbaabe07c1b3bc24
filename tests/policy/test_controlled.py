"""The exact simulator under an outside controller: the same minutes, whoever gives the orders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.controlled import BACKLOG, BAD, BILLED, CPU, FIELDS, IN_SERVICE, STAY, Block
from tfopt_sim.demand_paths import START, Kind, synthetic
from tfopt_sim.rollout import trajectory
from tfopt_sim.types import Configuration, Machine, Slo, TargetTracking, Workload

MACHINE, SLO = Machine("vm", 2, 8, 0.1), Slo(250)
WORKLOAD = Workload(cpu_s_per_request=0.02, boot_s=240)


@pytest.mark.parametrize("kind", ["bursty", "flash", "diurnal"])
def test_repeating_an_autoscalers_orders_gives_its_minutes(kind: Kind) -> None:
    """What target tracking ordered, ordered from outside, is the same day to the last digit."""
    demand = synthetic(kind, np.random.default_rng(4), 1).rps
    group = Configuration(MACHINE, 2, 60, 6, (TargetTracking(0.5),))
    known = trajectory(group, demand, WORKLOAD, SLO, START, seed=3, latency=False)
    block = Block(MACHINE, WORKLOAD, SLO, demand[None], largest=60, seed=3)
    minutes = [block.reset(np.array([6]))[0]]
    for minute in range(1, demand.size):
        minutes.append(block.advance(known.billed[minute : minute + 1], minute)[0])
    seen = np.array(minutes)
    assert np.array_equal(seen[:, IN_SERVICE], known.in_service)
    assert np.array_equal(seen[:, BILLED], known.billed)
    assert np.array_equal(seen[:, CPU], known.cpu)
    assert np.array_equal(seen[:, BAD], known.bad)
    assert np.array_equal(seen[:, BACKLOG], known.backlog_requests)


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=10, deadline=None)
def test_following_known_orders_adds_up_the_minutes(seed: int) -> None:
    """`follow` is `advance` in one call, for every group its own."""
    rng = np.random.default_rng(seed)
    demand = rng.uniform(20, 200, (3, 40))
    wanted = rng.integers(0, 12, (3, 40))
    block = Block(MACHINE, WORKLOAD, SLO, demand, largest=10, seed=1)
    first = np.array([1, 4, 9])
    tally = block.follow(wanted, first)
    summed = block.reset(first)
    for minute in range(1, 40):
        summed = summed + block.advance(wanted[:, minute - 1], minute)
    assert tally.shape == (3, len(FIELDS))
    np.testing.assert_allclose(tally, summed, rtol=1e-12)


def test_to_stay_orders_nothing() -> None:
    """A group told to stay keeps what it has."""
    block = Block(MACHINE, WORKLOAD, SLO, np.full((2, 5), 50.0), largest=10)
    block.reset(np.array([3, 7]))
    for minute in range(1, 5):
        seen = block.advance(np.full(2, STAY), minute)
    assert seen[:, BILLED].tolist() == [3, 7]
