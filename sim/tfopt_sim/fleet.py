"""Keeps the instances of a group: ordered, booting, in service, removed.

Instances that boot stand in a ring: slot `minute mod length` holds how many start to serve at that
minute. Those that joined stand in another. A ring's length is a power of two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import inlined
from tfopt_sim.types import FloatArray

Ring = NDArray[np.int64]


class Room(NamedTuple):
    """What of a group's state stands in arrays; written in place."""

    booting: Ring  # instances that start to serve at a minute
    joined: Ring  # instances that started to serve in a minute
    memory: FloatArray  # of the scaling rules, shape (rules, cells)
    cohorts: FloatArray  # CPU credits, shape (4,) (`credits`)


def empty_ring(minutes: int) -> Ring:
    """Return a ring that tells apart the minutes from now to `minutes` ahead."""
    return np.zeros(1 << int(minutes + 1).bit_length(), dtype=np.int64)


def empty_room(boots: Ring, history: int, memory: FloatArray) -> Room:
    """Return room for launches ordered one minute ahead, and for who joined `history` ago."""
    return Room(empty_ring(int(boots.max()) + 1), empty_ring(history), memory, np.zeros(4))


@inlined
def clear(room: Room) -> None:
    """Forget everything, for the start of a period."""
    room.booting[:] = 0
    room.joined[:] = 0
    room.memory[:] = 0.0


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
