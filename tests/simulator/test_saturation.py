"""Work against CPU level: its laws, and requests that come and go on cores two threads share."""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.saturation import busy_at, speed_at, work_at, work_series

BOOST = 1.5


@st.composite
def curves(draw: st.DrawFn) -> tuple[float, int]:
    """Boost and threads per core within what `speed_at` allows."""
    threads = draw(st.sampled_from([1, 2, 4]))
    return draw(st.floats(1.0, 2.0 if threads == 1 else threads)), threads


@given(busy=st.floats(0.0, 1.0), threads=st.sampled_from([1, 2, 4]))
@settings(deadline=None)
def test_a_boost_of_one_is_the_identity(busy: float, threads: int) -> None:
    """Without a boost, work and CPU level are the same number to the last bit."""
    assert speed_at(busy, 1.0, threads) == 1.0
    assert work_at(busy, 1.0, threads) == busy
    assert busy_at(busy, 1.0, threads) == busy


@given(curve=curves(), one=st.floats(0.0, 1.2), other=st.floats(0.0, 1.2))
@settings(deadline=None)
def test_more_busy_vcpus_do_more_work_each_more_slowly(
    curve: tuple[float, int], one: float, other: float
) -> None:
    """Work never falls and speed never rises with the CPU level; both are 1 when all are busy."""
    low, high = sorted((one, other))
    assert work_at(low, *curve) <= work_at(high, *curve) + 1e-12
    assert speed_at(low, *curve) >= speed_at(high, *curve) - 1e-12
    assert work_at(1.0, *curve) == speed_at(1.0, *curve) == 1.0


@given(curve=curves(), utilisation=st.floats(0.0, 1.2))
@settings(deadline=None)
def test_the_cpu_level_of_a_utilisation_does_that_work(
    curve: tuple[float, int], utilisation: float
) -> None:
    """`busy_at` inverts `work_at`, and stays at 1 beyond saturation."""
    busy = busy_at(utilisation, *curve)
    assert 0.0 <= busy <= 1.0
    assert work_at(busy, *curve) == pytest.approx(min(utilisation, 1.0), abs=1e-9)


def test_work_is_a_straight_line_up_to_one_thread_per_core_and_from_there() -> None:
    """At half of all hyper-threads busy, boost ÷ 2 of the work is done; then the rest."""
    assert work_at(0.25, BOOST, 2) == pytest.approx(BOOST / 4)
    assert work_at(0.5, BOOST, 2) == pytest.approx(BOOST / 2)
    assert work_at(0.75, BOOST, 2) == pytest.approx((BOOST / 2 + 1) / 2)


def test_a_series_keeps_its_gaps() -> None:
    """What was not measured stays NaN; all else is `work_at` of each step."""
    busy = np.array([0.0, 0.3, math.nan, 0.8, 1.0])
    expected = [math.nan if math.isnan(b) else work_at(b, BOOST, 2) for b in busy]
    np.testing.assert_array_equal(work_series(busy, BOOST, 2), expected)


def served_on_cores(
    rng: np.random.Generator, cores: int, arrivals: float, *, aware: bool
) -> tuple[float, float]:
    """Serve Poisson arrivals on two-thread cores; return mean busy share and mean work rate.

    A request starts on an idle core where `aware` and there is one, else on any idle thread, and
    never moves; one that finds all threads busy is lost. `arrivals` is relative to saturation.
    """
    running = np.zeros(cores, dtype=int)  # busy threads of each core
    time = busy_time = work = 0.0
    rate_in = arrivals * 2 * cores
    for _ in range(12_000):
        speeds = np.where(running == 1, BOOST, running.astype(float))
        total = rate_in + speeds.sum()
        wait = rng.exponential(1.0 / total)
        time += wait
        busy_time += wait * running.sum() / (2 * cores)
        work += wait * speeds.sum() / (2 * cores)
        if rng.random() * total >= rate_in:
            running[rng.choice(cores, p=speeds / speeds.sum())] -= 1
        elif running.sum() < 2 * cores:
            idle = np.flatnonzero(running == 0) if aware else np.empty(0, dtype=int)
            free = 2 - running
            core = rng.choice(idle) if idle.size else rng.choice(cores, p=free / free.sum())
            running[core] += 1
    return busy_time / time, work / time


@pytest.mark.parametrize("arrivals", [0.4, 0.7])
def test_random_requests_nearly_fill_idle_cores_first(arrivals: float) -> None:
    """On 32 cores that a kernel fills idle ones first, work is at most 10 % under the line."""
    busy, work = served_on_cores(np.random.default_rng(1), 32, arrivals, aware=True)
    assert work_at(busy, BOOST, 1) < work
    assert 0.9 * work_at(busy, BOOST, 2) < work < 1.01 * work_at(busy, BOOST, 2)


def test_blindly_placed_requests_find_their_neighbour_as_busy_as_the_rest() -> None:
    """Where any idle thread may be taken, speed falls linearly with the busy share."""
    busy, work = served_on_cores(np.random.default_rng(2), 16, 0.5, aware=False)
    assert work == pytest.approx(work_at(busy, BOOST, 1), rel=0.04)


def test_measured_machines_follow_the_curve(material: Path) -> None:
    """stress-ng at every number of workers, on 1,000 types: from both ends, what lies between.

    Two vCPUs share a core where both ends say so, as the price book has it.
    """
    curves: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    path = material / "measured" / "stressng_scaling_curves.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            curve = curves[row["cloud"], row["instance_type"]]
            curve[int(row["workers"])] = float(row["bogo_ops"])
    errors = []
    for curve in sorted(curves.values(), key=len)[-1000:]:
        vcpus = max(curve)
        boost = vcpus * curve[1] / curve[vcpus]
        threads = 2 if 1 / boost < 0.85 else 1
        boost = min(max(boost, 1.0), 2.0)
        between = [workers for workers in curve if 1 < workers < vcpus]
        expected = [curve[vcpus] * work_at(w / vcpus, boost, threads) for w in between]
        errors += [abs(e / curve[w] - 1) for e, w in zip(expected, between, strict=True)]
    assert len(errors) > 10_000
    assert np.median(errors) < 0.01
    assert np.quantile(errors, 0.9) < 0.05
