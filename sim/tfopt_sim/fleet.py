"""Keeps the instances of a group: ordered, booting, in service, removed.

Instances that boot stand in a ring: slot `minute mod length` holds how many start to serve at that
minute. The ring's length is a power of two above the longest boot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import inlined
from tfopt_sim.types import Workload

Ring = NDArray[np.int64]
BOOT_SIGMA = 0.3  # log-normal spread of boot times where boot is a distribution
_DRAWS = 4096


def boot_minutes(workload: Workload, seed: int) -> Ring:
    """Return drawn boot times in whole minutes, rounded up to the tick at which service starts.

    A launch at minute m of scenario s takes entry (m + offset of s) mod 4096, whatever the
    configuration: alternatives compared on one scenario meet the same boot times.

    Returns:
        shape (4096,), ≥ 0.
    """
    boots = np.full(_DRAWS, workload.boot_s)
    if workload.boot == "distribution":
        boots = boots * np.exp(BOOT_SIGMA * np.random.default_rng(seed).standard_normal(_DRAWS))
    return np.ceil(boots / 60.0).astype(np.int64)


def boot_offsets(scenarios: int, seed: int) -> Ring:
    """Return where each scenario enters the drawn boot times, shape (scenarios,)."""
    return np.random.default_rng([seed, 1]).integers(0, _DRAWS, scenarios)


def empty_ring(boots: Ring) -> Ring:
    """Return a ring long enough for a launch ordered one minute ahead."""
    return np.zeros(1 << int(boots.max() + 2).bit_length(), dtype=np.int64)


@inlined
def arrive(ring: Ring, minute: int) -> int:
    """Take out the instances that start to serve at `minute`."""
    slot = minute & (ring.size - 1)
    arrived = ring[slot]
    ring[slot] = 0
    return int(arrived)


@inlined
def launch(ring: Ring, minute: int, count: int) -> None:
    """Put in `count` instances that start to serve at `minute`."""
    ring[minute & (ring.size - 1)] += count


@inlined
def cancel(ring: Ring, minute: int, count: int) -> int:
    """Remove up to `count` booting instances, those that would serve last first.

    Args:
        ring: the booting instances.
        minute: the present minute, the earliest at which one of them can serve.
        count: how many to remove.

    Returns:
        how many were removed.
    """
    left = count
    for ahead in range(ring.size - 1, -1, -1):
        slot = (minute + ahead) & (ring.size - 1)
        taken = min(left, ring[slot])
        ring[slot] -= taken
        left -= taken
        if left == 0:
            break
    return count - left
