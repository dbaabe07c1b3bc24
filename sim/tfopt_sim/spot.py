"""Reclaims spot instances: several of a pool together, two minutes after the notice.

A pool is one instance type in one zone. Its reclaims come as a Poisson process, and each takes
every spot instance of the pool with probability `reclaimed_share`, on its own (the common-shock
model of Marshall and Olkin). The process is so much rarer that one instance is reclaimed as often
as its type's interruption frequency says, whatever that share: the share alone sets how far losses
come together. A pool that was reclaimed has nothing to sell for an hour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import inlined
from tfopt_sim.instances import NEVER, SPOT, Roster, enter
from tfopt_sim.purchasing import Buying, IntArray, Offers
from tfopt_sim.types import FloatArray

NOTICE_MINUTES = 2
DRY_MINUTES = 60  # assumed
_STRIDE = 1_000_003


class Pools(NamedTuple):
    """The spot pools of a group; arrays of shape (zones, slots) unless said."""

    due: FloatArray  # minute of the next reclaim
    reclaims: IntArray  # so far
    dry_until: IntArray  # minute
    soonest: FloatArray  # shape (1,): minute of the next reclaim of any pool


def empty_pools(offers: Offers, buying: Buying) -> Pools:
    """Return room for the pools of a group."""
    shape = (buying.zones, offers.weight.size)
    return Pools(
        due=np.zeros(shape),
        reclaims=np.zeros(shape, dtype=np.int64),
        dry_until=np.zeros(shape, dtype=np.int64),
        soonest=np.zeros(1),
    )


@inlined
def uniform(key: int, item: int) -> float:
    """Return a number in [0, 1) that depends on nothing but key and item (splitmix64)."""
    z = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(item + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@inlined
def key_of(pools: Pools, scenario: int, zone: int, slot: int) -> int:
    """Return the key of a pool's next draws: the same for every group under this scenario."""
    pool = zone * _STRIDE + slot
    return (scenario * _STRIDE + pool) * _STRIDE + int(pools.reclaims[zone, slot])


@inlined
def gap(pools: Pools, offers: Offers, scenario: int, zone: int, slot: int) -> float:
    """Return the minutes to a pool's next reclaim."""
    rate = offers.reclaims_per_minute[slot]
    if rate == 0.0:
        return math.inf
    return float(-math.log(1.0 - uniform(key_of(pools, scenario, zone, slot), -1)) / rate)


@inlined
def open_pools(pools: Pools, offers: Offers, scenario: int) -> None:
    """Start a period: every pool has something to sell."""
    pools.dry_until[:] = -NEVER
    pools.reclaims[:] = 0
    pools.soonest[0] = math.inf
    for zone in range(pools.due.shape[0]):
        for slot in range(pools.due.shape[1]):
            pools.due[zone, slot] = gap(pools, offers, scenario, zone, slot)
            pools.soonest[0] = min(pools.soonest[0], pools.due[zone, slot])


@inlined
def give_notice(
    roster: Roster, pools: Pools, offers: Offers, buying: Buying, key: int, zone: int, slot: int
) -> None:
    """Tell some of a pool's spot instances that they end in two minutes."""
    minute = int(pools.due[zone, slot])
    for i in range(roster.size[0]):
        if roster.option[i] != SPOT or roster.zone[i] != zone or roster.slot[i] != slot:
            continue
        if roster.ends[i] == NEVER and uniform(key, i) < buying.reclaimed_share:
            roster.ends[i] = minute + NOTICE_MINUTES
            if buying.rebalance:
                enter(roster, offers, i, -1)


@inlined
def reclaim(
    roster: Roster, pools: Pools, offers: Offers, buying: Buying, scenario: int, minute: int
) -> None:
    """Carry out the reclaims that fall into `minute`."""
    pools.soonest[0] = math.inf
    for zone in range(pools.due.shape[0]):
        for slot in range(pools.due.shape[1]):
            while pools.due[zone, slot] < minute + 1:
                key = key_of(pools, scenario, zone, slot)
                give_notice(roster, pools, offers, buying, key, zone, slot)
                pools.dry_until[zone, slot] = minute + DRY_MINUTES
                pools.reclaims[zone, slot] += 1
                pools.due[zone, slot] += gap(pools, offers, scenario, zone, slot)
            pools.soonest[0] = min(pools.soonest[0], pools.due[zone, slot])
