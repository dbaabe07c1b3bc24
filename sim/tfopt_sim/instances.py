"""Keeps every instance of a group by itself: what it is, where it runs, since when, until when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import inlined
from tfopt_sim.purchasing import Buying, IntArray, Offers
from tfopt_sim.types import FloatArray

NEVER = 1 << 40  # a minute that no period reaches
ON_DEMAND, SPOT = 0, 1  # purchase options


class Roster(NamedTuple):
    """The instances that are billed, the oldest first, and the books on those that count.

    An instance under notice ceases to count once a replacement may be ordered for it.
    """

    slot: IntArray
    option: IntArray  # on demand or spot
    zone: IntArray
    launched: IntArray  # minute
    serves: IntArray  # from this minute
    template: IntArray  # 0: an earlier one than the group has now
    ends: IntArray  # minute at which it is reclaimed
    counts: IntArray  # 1: towards the group's capacity
    credits: FloatArray  # below 0: surplus owed
    size: IntArray  # shape (1,): how many entries are in use
    units: IntArray  # shape (2,): capacity that counts, by purchase option
    in_zone: IntArray  # shape (zones,): instances that count
    in_pool: IntArray  # shape (zones, slots): those of them that are spot


def empty_roster(offers: Offers, buying: Buying, most: int) -> Roster:
    """Return a roster with room for `most` instances."""

    def integers(*shape: int) -> IntArray:
        return np.zeros(shape, dtype=np.int64)

    return Roster(
        slot=integers(most),
        option=integers(most),
        zone=integers(most),
        launched=integers(most),
        serves=integers(most),
        template=integers(most),
        ends=integers(most),
        counts=integers(most),
        credits=np.zeros(most),
        size=integers(1),
        units=integers(2),
        in_zone=integers(buying.zones),
        in_pool=integers(buying.zones, offers.weight.size),
    )


@inlined
def clear(roster: Roster) -> None:
    """Forget all instances."""
    roster.size[0] = 0
    roster.units[:] = 0
    roster.in_zone[:] = 0
    roster.in_pool[:] = 0


@inlined
def capacity(roster: Roster) -> int:
    """Return the units of capacity that count."""
    return int(roster.units[ON_DEMAND] + roster.units[SPOT])


@inlined
def any_boots(roster: Roster, minute: int) -> bool:
    """Say whether an instance does not serve yet."""
    booting = 0
    for i in range(roster.size[0]):
        booting += roster.serves[i] > minute
    return booting > 0


@inlined
def enter(roster: Roster, offers: Offers, i: int, sign: int) -> None:
    """Put instance `i` into the books (1), or take it out of them (−1)."""
    option, zone, slot = roster.option[i], roster.zone[i], roster.slot[i]
    roster.counts[i] += sign
    roster.units[option] += sign * offers.weight[slot]
    roster.in_zone[zone] += sign
    if option == SPOT:
        roster.in_pool[zone, slot] += sign


@inlined
def add(
    roster: Roster, offers: Offers, slot: int, option: int, zone: int, minute: int, boot: int
) -> None:
    """Launch an instance at `minute`; it serves after `boot` minutes."""
    i = roster.size[0]
    roster.slot[i], roster.option[i], roster.zone[i] = slot, option, zone
    roster.launched[i], roster.serves[i] = minute, minute + boot
    roster.template[i], roster.ends[i], roster.counts[i] = 1, NEVER, 0
    roster.credits[i] = offers.initial[slot]
    roster.size[0] = i + 1
    enter(roster, offers, i, 1)


@inlined
def remove(roster: Roster, offers: Offers, i: int) -> None:
    """Take instance `i` off the roster; those behind it move up."""
    if roster.counts[i] == 1:
        enter(roster, offers, i, -1)
    for k in range(i, roster.size[0] - 1):
        roster.slot[k], roster.option[k] = roster.slot[k + 1], roster.option[k + 1]
        roster.zone[k], roster.launched[k] = roster.zone[k + 1], roster.launched[k + 1]
        roster.serves[k], roster.template[k] = roster.serves[k + 1], roster.template[k + 1]
        roster.ends[k], roster.counts[k] = roster.ends[k + 1], roster.counts[k + 1]
        roster.credits[k] = roster.credits[k + 1]
    roster.size[0] -= 1
