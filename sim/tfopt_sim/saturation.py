"""How much work a machine does at a CPU level: vCPUs that share a core do less when all are busy.

Everything is relative to saturation: a vCPU's speed with all vCPUs busy is 1, and so is the work
rate of the whole machine then. `boost` ≥ 1 is the speed of a vCPU while its neighbours idle.

With `threads_per_core` ≥ 2, work grows in proportion to busy vCPUs until every core has one busy
thread, then linearly to 1: the shape of every measured curve of stress-ng workers that the kernel
places (benchmarks/machines.py). Take `busy` as the level of a moment, or the mean of a group whose
balancer evens out its instances: requests come and go at random, but a kernel wakes each on an idle
core while there is one. With few cores chance leaves some of them shared, and the mean work of a
random load is up to a tenth under the line (32 cores), more on fewer.

With `threads_per_core` = 1, speed falls linearly with the busy share: that of a clock that cores
share, and exactly that of threads placed blindly, whose neighbour is busy with that probability.
(docs/decisions/0016-what-cpu-percent-means.md.)
"""

from __future__ import annotations

import math

import numpy as np

from tfopt_sim._jit import compiled, inlined
from tfopt_sim.types import FloatArray


@inlined
def speed_at(busy: float, boost: float, threads_per_core: int) -> float:
    """Return the speed of a busy vCPU while a share `busy` of the vCPUs is busy, ≥ 1.

    Args:
        busy: 0..1; 1 and more is saturation.
        boost: speed at busy → 0; in 1..`threads_per_core`, or 1..2 where that is 1, so that more
            busy vCPUs never do less work.
        threads_per_core: vCPUs that share one core.
    """
    if boost <= 1.0 or busy >= 1.0:
        return 1.0
    if threads_per_core < 2:
        return boost - (boost - 1.0) * max(busy, 0.0)
    knee = 1.0 / threads_per_core
    if busy <= knee:
        return boost
    slope = (1.0 - boost * knee) / (1.0 - knee)
    return (boost * knee + slope * (busy - knee)) / busy


@inlined
def work_at(busy: float, boost: float, threads_per_core: int) -> float:
    """Return the work rate, 0..1 of saturation, while a share `busy` of the vCPUs is busy."""
    return min(busy, 1.0) * speed_at(busy, boost, threads_per_core)


@inlined
def busy_at(utilisation: float, boost: float, threads_per_core: int) -> float:
    """Return the share of busy vCPUs that does `utilisation` of the saturated work.

    The CPU that a monitor shows; the inverse of `work_at`, 1 from a utilisation of 1 on.
    """
    if boost <= 1.0 or utilisation >= 1.0:
        return min(utilisation, 1.0)
    if threads_per_core < 2:  # busy × (boost − (boost − 1) × busy) = utilisation
        root = math.sqrt(boost * boost - 4.0 * (boost - 1.0) * utilisation)
        return 2.0 * utilisation / (boost + root)
    knee = 1.0 / threads_per_core
    if utilisation <= boost * knee:
        return utilisation / boost
    slope = (1.0 - boost * knee) / (1.0 - knee)
    return knee + (utilisation - boost * knee) / slope


@compiled
def work_series(busy: FloatArray, boost: float, threads_per_core: int) -> FloatArray:
    """Return `work_at` of each step of a measured CPU series, NaN where that is NaN."""
    work = np.empty_like(busy)
    for step in range(busy.size):
        work[step] = work_at(busy[step], boost, threads_per_core)
    return work
