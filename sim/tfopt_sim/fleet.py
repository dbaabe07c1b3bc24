"""Keeps the instances of a group: ordered, booting, in service, removed.

Instances that boot stand in a ring: slot `minute mod length` holds how many start to serve at that
minute. Those that joined stand in another. A ring's length is a power of two.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import inlined
from tfopt_sim.credits import Cohorts, empty_cohorts
from tfopt_sim.types import FloatArray, WarmPool

Ring = NDArray[np.int64]


class Pool(NamedTuple):
    """A warm pool in ticks of one minute; `on` is False for a group without."""

    on: bool
    min_size: int
    prepared: int  # at most, with those in the group; −1: the group's maximum
    start: int  # minutes from the pool into service
    running: bool  # billed while they wait
    reuse: bool  # takes back what is scaled in


class Room(NamedTuple):
    """What of a group's state stands in arrays; written in place."""

    booting: Ring  # instances that start to serve at a minute
    filling: Ring  # instances that are ready in the warm pool at a minute
    joined: Ring  # instances that started to serve in a minute
    memory: FloatArray  # of the scaling rules, shape (rules, cells)
    cohorts: Cohorts  # CPU credits


def pool_of(pool: WarmPool | None) -> Pool:
    """Return `pool` in ticks."""
    if pool is None:
        return Pool(False, 0, 0, 0, False, False)
    prepared = -1 if pool.max_prepared is None else pool.max_prepared
    start = math.ceil(pool.start_s / 60)
    running = pool.state == "running"
    return Pool(True, pool.min_size, prepared, start, running, pool.reuse_on_scale_in)


@inlined
def pool_size(pool: Pool, capacity: int, max_size: int) -> int:
    """Return how many instances the pool is kept at beside a group of `capacity`.

    What is prepared less what is in the group, and never below its own minimum (EC2 Auto Scaling
    guide, ec2-auto-scaling-warm-pools, "Warm pool size").
    """
    if not pool.on:
        return 0
    prepared = pool.prepared if pool.prepared >= 0 else max_size
    return max(pool.min_size, prepared - capacity)


def empty_ring(minutes: int) -> Ring:
    """Return a ring that tells apart the minutes from now to `minutes` ahead."""
    return np.zeros(1 << int(minutes + 1).bit_length(), dtype=np.int64)


def empty_room(longest: int, history: int, memory: FloatArray) -> Room:
    """Return room for a group whose instances boot for up to `longest` minutes.

    Launches are ordered one minute ahead; who joined is known for `history` minutes.
    """
    ahead = longest + 1
    rings = (empty_ring(ahead), empty_ring(ahead), empty_ring(history))
    return Room(*rings, memory, empty_cohorts())


@inlined
def clear(room: Room) -> None:
    """Forget everything, for the start of a period."""
    room.booting[:] = 0
    room.filling[:] = 0
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
