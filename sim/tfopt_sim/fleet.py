"""Keeps the instances of a group: ordered, booting, in service, removed.

Instances that boot stand in a ring: slot `minute mod length` holds how many start to serve at that
minute. The ring's length is a power of two above the longest boot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import inlined

Ring = NDArray[np.int64]


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
