"""Prints the speed of the kernel that follows every instance, and what the cohorts of credits miss.

    python benchmarks/fleets.py

One thread; times are processor time, so that a busy machine does not blur them.
"""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime

import numpy as np

from tfopt_sim.rollout import simulate
from tfopt_sim.types import (
    Burst,
    Configuration,
    Fleet,
    FloatArray,
    Machine,
    Outcome,
    Slo,
    Slot,
    TargetTracking,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WORK = Workload(0.02, boot_s=120)
M5, M5X = Machine("m5.large", 2, 8, 0.096), Machine("m5.xlarge", 4, 16, 0.192)
T3 = Machine("t3.large", 2, 8, 0.0835, burst=Burst(0.3, 36, 864))
T3X = Machine("t3.xlarge", 4, 16, 0.167, burst=Burst(0.4, 96, 2304))
ONE_BY_ONE = Fleet(termination=("oldest-template", "default"))
MIXED = Fleet((Slot(M5, 1, 0.035, 0.1), Slot(M5X, 2, 0.06, 0.05)), 2, 0.7, zones=3)


def days(peak: float, noise: float, weeks: int) -> FloatArray:
    """Return a week's busy instances per minute: days with bursts; shape (weeks, 10080)."""
    rng = np.random.default_rng(0)
    shape = 0.5 - 0.45 * np.cos(2 * np.pi * np.arange(10_080) / 1440)
    bursts = np.repeat(rng.gamma(1 / noise**2, noise**2, (weeks, 1008)), 10, axis=1)
    return np.asarray(peak * shape * bursts)


def group(machine: Machine, target: float, fleet: Fleet) -> Configuration:
    """Return a group of up to 200 under target tracking."""
    return Configuration(machine, 2, 200, 4, (TargetTracking(target, warmup_s=120),), fleet=fleet)


def run(configuration: Configuration, busy: FloatArray) -> Outcome:
    """Simulate the demand that keeps `busy` instances of its machine busy."""
    demand = busy * configuration.machine.vcpus / WORK.cpu_s_per_request
    return simulate([configuration], demand, WORK, Slo(), MONDAY)


def speed(configuration: Configuration) -> str:
    """Return group-minutes a second and the mean size, best of five runs of eight weeks."""
    busy = days(20.0, 0.1, 8)
    size = run(configuration, busy).mean_instances.mean()
    best = np.inf
    for _ in range(5):
        begin = time.process_time()
        run(configuration, busy)
        best = min(best, time.process_time() - begin)
    return f"{busy.size / best / 1e6:6.2f} M group-minutes/s at {size:.0f} instances"


def main() -> None:
    for name, machine, fleet in (
        ("alike", M5, Fleet()),
        ("alike, credits in cohorts", T3, Fleet()),
        ("one by one, credits", T3, ONE_BY_ONE),
        ("one by one, two types, spot, three zones", M5, MIXED),
    ):
        print(f"{name:42}{speed(group(machine, 0.5, fleet))}")
    print("\nCost in cohorts against one by one, 4 weeks each (surplus: share of the true cost)")
    for machine, peak, noise in itertools.product((T3, T3X), (3.0, 40.0), (0.1, 0.5, 1.0)):
        gaps, shares = [], []
        for target in (0.35, 0.5, 0.65):
            busy = days(peak, noise, 4)
            fast = run(group(machine, target, Fleet()), busy)
            true = run(group(machine, target, ONE_BY_ONE), busy)
            assert true.bill is not None
            gaps.append(float((fast.cost_usd / true.cost_usd - 1).mean()))
            shares.append(float((true.bill.surplus / true.cost_usd).mean()))
        worst = max(gaps, key=abs)
        print(
            f"{machine.name:10} peak {peak:4.0f}, bursts {noise:.1f}: worst of 3 targets "
            f"{100 * worst:+5.2f} %, surplus {100 * min(shares):.1f}-{100 * max(shares):.1f} %"
        )


if __name__ == "__main__":
    main()
