"""Turns a configuration's fleet into the numbers that placement and billing go by.

Order of preference and shares follow the EC2 Auto Scaling user guide, "Auto Scaling groups with
multiple instance types and purchase options".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.cost import HOURS_PER_MONTH, covered_usd_per_hour
from tfopt_sim.credits import credits_of, usd_per_credit
from tfopt_sim.types import Configuration, Fleet, FloatArray, Machine, Slot, Termination

IntArray = NDArray[np.int64]

ALLOCATION, TEMPLATE, OLDEST, NEWEST, BOOTING, BILLING_HOUR = range(6)  # criteria of termination
_CRITERIA: dict[Termination, tuple[int, ...]] = {
    "default": (ALLOCATION, TEMPLATE, BOOTING, BILLING_HOUR),
    "oldest-instance": (OLDEST,),
    "newest-instance": (NEWEST,),
    "oldest-template": (TEMPLATE,),
    "allocation-strategy": (ALLOCATION,),
}
_AVAILABLE_ENOUGH = 0.05  # one bucket of AWS's interruption frequency: 5 points a month


class Offers(NamedTuple):
    """What can be bought, one entry per slot."""

    capacity: FloatArray  # in machines of the configuration's own kind
    weight: IntArray
    on_demand_usd: FloatArray  # per minute
    spot_usd: FloatArray  # per minute
    on_demand_order: IntArray  # slots, the preferred first
    spot_order: IntArray  # only those with a spot price
    on_demand_place: IntArray  # a slot's place in these orders: the last leaves first
    spot_place: IntArray
    vcpus: FloatArray
    earned: FloatArray  # CPU credits, as in `Credits`
    most: FloatArray
    initial: FloatArray
    unlimited: NDArray[np.bool_]
    surplus_usd: FloatArray  # per credit
    reclaims_per_minute: FloatArray  # of one pool


class Buying(NamedTuple):
    """How a group mixes and places what it buys."""

    base: int  # units of capacity bought on demand before anything else
    spot_share: float
    pools: int  # of a zone, used alike
    zones: int
    reclaimed_share: float
    rebalance: bool
    criteria: IntArray  # of termination, in order
    outdated: int
    covered_usd: float  # list price per hour that a commitment covers


def needs_instances(configuration: Configuration) -> bool:
    """Tell whether the group's instances differ, so that each has to be followed by itself.

    They do where types, prices or purchase options differ, and where CPU credits slow some down
    before others. Zones alone change nothing that is billed or served, as long as none is lost; the
    order of termination decides only whose credits remain.
    """
    fleet, machine = configuration.fleet, configuration.machine
    alike = all(slot.machine == machine and slot.weight == 1 for slot in fleet.slots)
    ordered = machine.burst is not None and fleet.termination != ("default",)
    throttled = machine.burst is not None and not machine.burst.unlimited
    return not alike or fleet.spot_share > 0 or ordered or throttled


def slots_of(configuration: Configuration) -> tuple[Slot, ...]:
    """Return what the group may launch; its own machine where nothing else is said."""
    return configuration.fleet.slots or (Slot(configuration.machine),)


def offers_of(configuration: Configuration) -> Offers:
    """Return the group's slots as arrays.

    Raises:
        ValueError: a weight below 1, or a spot share with nothing that has a spot price.
    """
    slots, fleet = slots_of(configuration), configuration.fleet
    if min(slot.weight for slot in slots) < 1:
        raise ValueError("a weight must be at least 1")
    on_demand, spot = _on_demand_order(slots, fleet), _spot_order(slots, fleet)
    if fleet.spot_share > 0 and not spot:
        raise ValueError("a spot share needs a machine with a spot price")
    credits = [credits_of(slot.machine) for slot in slots]
    prices = [slot.spot_usd_per_hour or math.inf for slot in slots]
    # the order of on-demand prices does not decide who leaves ("Working with termination policies")
    leaving = on_demand if fleet.on_demand_allocation == "prioritized" else []
    return Offers(
        capacity=_floats(_capacity(slot.machine, configuration.machine) for slot in slots),
        weight=_ints(slot.weight for slot in slots),
        on_demand_usd=_floats(slot.machine.usd_per_hour / 60.0 for slot in slots),
        spot_usd=_floats(price / 60.0 for price in prices),
        on_demand_order=_ints(on_demand),
        spot_order=_ints(spot),
        on_demand_place=_places(leaving, len(slots)),
        spot_place=_places(spot, len(slots)),
        vcpus=_floats(own.vcpus for own in credits),
        earned=_floats(own.earned for own in credits),
        most=_floats(own.most for own in credits),
        initial=_floats(own.initial for own in credits),
        unlimited=np.array([own.unlimited for own in credits]),
        surplus_usd=_floats(usd_per_credit(slot.machine) for slot in slots),
        reclaims_per_minute=_floats(
            _hazard_per_minute(slot) / fleet.reclaimed_share for slot in slots
        ),
    )


def buying_of(configuration: Configuration) -> Buying:
    """Return the rules of the group's fleet.

    Raises:
        ValueError: a share outside its range, no zone, or "default" before another criterion.
    """
    fleet = configuration.fleet
    if not 0.0 <= fleet.spot_share <= 1.0 or not 0.0 < fleet.reclaimed_share <= 1.0:
        raise ValueError("spot_share and reclaimed_share must be shares")
    if fleet.zones < 1 or fleet.spot_pools < 1:
        raise ValueError("a group needs a zone, and a spot pool to buy from")
    if "default" in fleet.termination[:-1]:
        raise ValueError("the default termination policy must be the last")
    criteria = [own for name in fleet.termination for own in _CRITERIA[name]]
    return Buying(
        base=fleet.on_demand_base,
        spot_share=float(fleet.spot_share),
        pools=fleet.spot_pools if fleet.spot_allocation == "lowest-price" else 1,
        zones=fleet.zones,
        reclaimed_share=float(fleet.reclaimed_share),
        rebalance=fleet.capacity_rebalance,
        criteria=_ints(criteria),
        outdated=fleet.outdated,
        covered_usd=covered_usd_per_hour(configuration.money),
    )


def most_instances(configuration: Configuration, largest: int) -> int:
    """Return how many instances can run at once for a capacity of `largest` units.

    Instances under notice of two minutes and their replacements run side by side.
    """
    weights = [slot.weight for slot in slots_of(configuration)]
    needed = math.ceil((largest + max(weights)) / min(weights))
    return 3 * needed if configuration.fleet.spot_share > 0 else needed


def _capacity(machine: Machine, reference: Machine) -> float:
    return (machine.vcpus * machine.speed) / (reference.vcpus * reference.speed)


def _hazard_per_minute(slot: Slot) -> float:
    """Return the rate at which one spot instance is reclaimed, from its share in a month."""
    share = min(slot.interruptions_per_month, 1.0 - 1e-9)
    return -math.log1p(-share) / (HOURS_PER_MONTH * 60.0)


def _on_demand_order(slots: tuple[Slot, ...], fleet: Fleet) -> list[int]:
    order = list(range(len(slots)))
    if fleet.on_demand_allocation == "lowest-price":
        order.sort(key=lambda k: slots[k].machine.usd_per_hour / slots[k].weight)
    return order


def _spot_order(slots: tuple[Slot, ...], fleet: Fleet) -> list[int]:
    """Return the slots with a spot price, the preferred first.

    How often a type is interrupted stands for how much of it is to be had. Prices count per unit
    of capacity ("Configuring instance weighting", price per unit hour).
    """
    prices = {
        k: slot.spot_usd_per_hour / slot.weight
        for k, slot in enumerate(slots)
        if slot.spot_usd_per_hour is not None
    }
    scarcity = {k: slots[k].interruptions_per_month for k in prices}
    enough = min(scarcity.values(), default=0.0) + _AVAILABLE_ENOUGH

    def preference(k: int) -> tuple[float, float]:
        match fleet.spot_allocation:
            case "lowest-price":
                return prices[k], 0.0
            case "capacity-optimized":
                return scarcity[k], prices[k]
            case "price-capacity-optimized":
                return max(scarcity[k], enough), prices[k]
            case _:
                return 0.0, 0.0

    return sorted(prices, key=preference)


def _places(order: list[int], slots: int) -> IntArray:
    places = np.zeros(slots, dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def _floats(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, dtype=np.float64)


def _ints(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, dtype=np.int64)
