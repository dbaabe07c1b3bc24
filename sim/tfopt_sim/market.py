"""Holds what a group of differing instances buys and has, and what that costs minute by minute."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.credits import Credits, full_speed, settle
from tfopt_sim.instances import SPOT, Roster, empty_roster, remove
from tfopt_sim.purchasing import Buying, Offers, buying_of, most_instances, offers_of
from tfopt_sim.spot import Pools, empty_pools
from tfopt_sim.types import Configuration, FloatArray

# Cells of a ledger.
LISTED, UNCOVERED, SURPLUS_USD, SPOT_USD, INTERRUPTIONS = range(5)  # LISTED: in this hour


class Market(NamedTuple):
    """What a group buys, and what of its state stands in arrays."""

    offers: Offers
    buying: Buying
    roster: Roster
    pools: Pools
    ledger: FloatArray  # shape (5,), USD and a count


def market_of(configuration: Configuration, largest: int) -> Market:
    """Return what a group of up to `largest` units buys, and room for what it has.

    Raises:
        ValueError: a fleet that cannot be bought (`purchasing`), or one with a warm pool: EC2 has
            none for mixed fleets, and beside CPU credits none is simulated.
    """
    if configuration.fleet.warm_pool is not None:
        raise ValueError("a warm pool is simulated for instances that are all alike only")
    offers, buying = offers_of(configuration), buying_of(configuration)
    roster = empty_roster(offers, buying, most_instances(configuration, largest))
    return Market(offers, buying, roster, empty_pools(offers, buying), np.zeros(5))


@inlined
def credits_at(offers: Offers, slot: int) -> Credits:
    """Return the credits of a slot's machine."""
    return Credits(
        offers.vcpus[slot],
        offers.earned[slot],
        offers.most[slot],
        offers.initial[slot],
        offers.unlimited[slot],
    )


@inlined
def settle_debt(market: Market, i: int) -> None:
    """Charge the surplus that instance `i` owes."""
    owed = max(0.0, -market.roster.credits[i])
    market.ledger[SURPLUS_USD] += owed * market.offers.surplus_usd[market.roster.slot[i]]


@inlined
def terminate(market: Market, i: int) -> None:
    """End instance `i`."""
    settle_debt(market, i)
    remove(market.roster, market.offers, i)


@kernel
def bill(market: Market, minute: int, cpu: float) -> None:
    """Charge every instance for a minute, booting or not; settle its credits.

    Args:
        market: of the group.
        minute: that is over.
        cpu: busy share of what the instances in service could keep busy.
    """
    roster, offers, ledger = market.roster, market.offers, market.ledger
    for i in range(roster.size[0]):
        slot = roster.slot[i]
        if roster.option[i] == SPOT:
            ledger[SPOT_USD] += offers.spot_usd[slot]
        else:
            ledger[LISTED] += offers.on_demand_usd[slot]
        if offers.most[slot] == 0.0 and not offers.unlimited[slot]:
            continue
        credits = credits_at(offers, slot)
        spent = 0.0
        if roster.serves[i] <= minute:
            spent = cpu * full_speed(credits, roster.credits[i]) * credits.vcpus
        roster.credits[i], charged = settle(credits, roster.credits[i], spent)
        ledger[SURPLUS_USD] += charged * offers.surplus_usd[slot]


@inlined
def close_hour(market: Market, minutes: int) -> None:
    """Charge what `minutes` of use at list price exceed a commitment by."""
    covered = market.buying.covered_usd * minutes / 60.0
    market.ledger[UNCOVERED] += max(0.0, market.ledger[LISTED] - covered)
    market.ledger[LISTED] = 0.0


@inlined
def close(market: Market, minutes: int) -> None:
    """End a period of `minutes`: close the hour begun, and charge the surplus owed.

    Nobody is terminated; but what was spent beyond the earnings so far is a cost of this period.
    """
    close_hour(market, minutes % 60)
    for i in range(market.roster.size[0]):
        settle_debt(market, i)
