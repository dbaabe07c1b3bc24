"""Decides what a group launches, in which zone, and which instance leaves it.

EC2 Auto Scaling user guide: "Auto Scaling groups with multiple instance types and purchase
options", "Configuring instance weighting" and "Working with termination policies".
"""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.instances import NEVER, ON_DEMAND, SPOT, Roster, add, any_boots, capacity
from tfopt_sim.purchasing import (
    ALLOCATION,
    BILLING_HOUR,
    BOOTING,
    NEWEST,
    OLDEST,
    TEMPLATE,
    Buying,
    Offers,
)
from tfopt_sim.spot import Pools


@inlined
def on_demand_wanted(buying: Buying, desired: int) -> int:
    """Return how many units of `desired` are to be on demand; fractions round up to them."""
    base = min(buying.base, desired)
    return base + math.ceil((1.0 - buying.spot_share) * (desired - base) - 1e-9)


@inlined
def best_pool(
    roster: Roster, pools: Pools, offers: Offers, buying: Buying, zone: int, minute: int
) -> int:
    """Return the slot to buy on the spot market of `zone`; −1 where every pool is dry.

    Of the first pools in order of preference (one, unless the strategy spreads over several) it is
    the one with the fewest instances.
    """
    found, taken = -1, 0
    for slot in offers.spot_order:
        if pools.dry_until[zone, slot] > minute or taken == buying.pools:
            continue
        taken += 1
        if found < 0 or roster.in_pool[zone, slot] < roster.in_pool[zone, found]:
            found = slot
    return found


@inlined
def place(
    roster: Roster, pools: Pools, offers: Offers, buying: Buying, option: int, minute: int
) -> tuple[int, int]:
    """Return the zone with the fewest instances and the slot to launch there; −1, −1 for none."""
    best_zone, best_slot = -1, -1
    for zone in range(buying.zones):
        slot = offers.on_demand_order[0]
        if option == SPOT:
            slot = best_pool(roster, pools, offers, buying, zone, minute)
        if slot >= 0 and (best_zone < 0 or roster.in_zone[zone] < roster.in_zone[best_zone]):
            best_zone, best_slot = zone, slot
    return best_zone, best_slot


@kernel
def fill(
    roster: Roster,
    pools: Pools,
    offers: Offers,
    buying: Buying,
    desired: int,
    minute: int,
    boot: int,
) -> int:
    """Launch until the capacity is `desired` or, with weights, above it by less than one instance.

    Returns:
        how many were launched: too few where no spot pool has anything to sell.
    """
    before = roster.size[0]
    wanted = on_demand_wanted(buying, desired)
    while capacity(roster) < desired and roster.size[0] < roster.slot.size:
        option = ON_DEMAND if roster.units[ON_DEMAND] < wanted else SPOT
        zone, slot = place(roster, pools, offers, buying, option, minute)
        if zone < 0:
            break
        add(roster, offers, slot, option, zone, minute, boot)
    return int(roster.size[0] - before)


@inlined
def criterion(roster: Roster, offers: Offers, kind: int, i: int, minute: int) -> int:
    """Return what a criterion of termination says of instance `i`; the lowest leaves first."""
    if kind == ALLOCATION:
        slot = roster.slot[i]
        spot = roster.option[i] == SPOT
        return int(-(offers.spot_place[slot] if spot else offers.on_demand_place[slot]))
    if kind == TEMPLATE:
        return int(roster.template[i])
    if kind == OLDEST:
        return int(roster.launched[i])
    if kind == NEWEST:
        return int(-roster.launched[i])
    if kind == BOOTING:
        # one that is due at this very minute has not come yet
        return int(-roster.serves[i]) if roster.serves[i] >= minute else 0
    return int(-((minute - roster.launched[i]) % 60)) if kind == BILLING_HOUR else 0


@inlined
def leaves_before(
    roster: Roster, offers: Offers, buying: Buying, a: int, b: int, minute: int
) -> bool:
    """Say whether instance `a` leaves before `b`; where all criteria tie, the older one does."""
    for kind in buying.criteria:
        one = criterion(roster, offers, kind, a, minute)
        other = criterion(roster, offers, kind, b, minute)
        if one != other:
            return one < other
    return a < b


@inlined
def may_leave(roster: Roster, offers: Offers, i: int, option: int, excess: int) -> bool:
    """Say whether instance `i` is of a purchase option and no heavier than the excess."""
    fits = offers.weight[roster.slot[i]] <= excess
    return bool(fits and roster.option[i] == option and roster.ends[i] == NEVER)


@inlined
def leaver_of(
    roster: Roster, offers: Offers, buying: Buying, option: int, excess: int, minute: int
) -> int:
    """Return who of a purchase option leaves: one of the zones with most instances; −1: nobody."""
    most, found = 0, -1
    for i in range(roster.size[0]):
        if may_leave(roster, offers, i, option, excess):
            most = max(most, roster.in_zone[roster.zone[i]])
    for i in range(roster.size[0]):
        if not may_leave(roster, offers, i, option, excess):
            continue
        crowded = roster.in_zone[roster.zone[i]] == most
        if crowded and (found < 0 or leaves_before(roster, offers, buying, i, found, minute)):
            found = i
    return found


@kernel
def leaver(roster: Roster, offers: Offers, buying: Buying, desired: int, minute: int) -> int:
    """Return the instance to terminate on the way down to `desired` units; −1 for none.

    First it is settled whether on-demand or spot capacity exceeds its part, then the zone, then the
    criteria decide. Capacity never falls below `desired`.
    """
    excess = capacity(roster) - desired
    if excess <= 0:
        return -1
    wanted = on_demand_wanted(buying, desired)
    on_demand_excess = roster.units[ON_DEMAND] - wanted
    spot_excess = roster.units[SPOT] - (desired - wanted)
    first = ON_DEMAND if on_demand_excess >= spot_excess else SPOT
    found = leaver_of(roster, offers, buying, first, excess, minute)
    if found < 0:
        found = leaver_of(roster, offers, buying, 1 - first, excess, minute)
    return found


@kernel
def even_out(
    roster: Roster, pools: Pools, offers: Offers, buying: Buying, minute: int, boot: int
) -> int:
    """Launch one spot instance in the emptiest zone where another zone holds two more.

    The group has one too many until it serves; then one of the fullest zone leaves ("Rebalancing
    activities": new instances are launched before old ones are terminated).

    Returns:
        how many were launched.
    """
    low = 0
    for zone in range(buying.zones):
        if roster.in_zone[zone] < roster.in_zone[low]:
            low = zone
    gap = 0
    for i in range(roster.size[0]):
        if roster.option[i] == SPOT and roster.ends[i] == NEVER:
            gap = max(gap, roster.in_zone[roster.zone[i]] - roster.in_zone[low])
    slot = best_pool(roster, pools, offers, buying, low, minute)
    full = roster.size[0] == roster.slot.size
    if gap < 2 or slot < 0 or full or any_boots(roster, minute):
        return 0
    add(roster, offers, slot, SPOT, low, minute, boot)
    return 1
