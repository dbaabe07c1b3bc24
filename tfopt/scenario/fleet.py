"""How a group's instances are bought and what each brings along: spot, weights, pools, disks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal

from tfopt.plan.model import Disk, InstanceGroup
from tfopt.pricing import Offer
from tfopt.pricing.disks import PRICED_IN, USD_PER_GIB_MONTH
from tfopt.pricing.windows import USD_PER_VCPU_HOUR
from tfopt.scenario.refusal import NotAnalysedError
from tfopt_sim.types import Fleet, Machine, Money, Slot, Termination, WarmPool

INTERRUPTIONS_PER_MONTH: Final = 0.05
"""Share of spot instances reclaimed in a month: the lowest bucket of AWS's Spot Instance Advisor,
which holds the widely used types. The price book has no figure of its own."""
_LICENCE: Final = f"is priced at {USD_PER_VCPU_HOUR} USD per vCPU and hour, the list's of 2023"
SpotAllocation = Literal[
    "price-capacity-optimized", "capacity-optimized", "lowest-price", "prioritized"
]
UNKNOWN_ZONES: Final = 2  # where the plan does not tell the subnets: the least AWS advises
_TERMINATION: Mapping[str, Termination] = {
    "OldestInstance": "oldest-instance",
    "NewestInstance": "newest-instance",
    "OldestLaunchTemplate": "oldest-template",
    "OldestLaunchConfiguration": "oldest-template",
    "AllocationStrategy": "allocation-strategy",
}
_SPOT: Mapping[str, SpotAllocation] = {
    "capacity-optimized": "capacity-optimized",
    "capacity-optimized-prioritized": "prioritized",
    "lowest-price": "lowest-price",
}


def is_mixed(group: InstanceGroup) -> bool:
    """Tell whether instances of a group differ in price or in what they count for.

    A list of types without either is launched from its first, as far as there is capacity.
    """
    cheapest = group.on_demand_allocation == "lowest-price" and len(group.slots) > 1
    return group.spot_share > 0 or cheapest or any(slot.weight != 1 for slot in group.slots)


def holds_type(group: InstanceGroup) -> bool:
    """Tell whether the group's type is one of several, so that none is exchanged alone."""
    several = len(group.slots) > 1 or any(slot.weight != 1 for slot in group.slots)
    return bool(group.requirements) or (is_mixed(group) and several)


def fleet_of(
    group: InstanceGroup, offers: Iterable[Offer], machine: Callable[[Offer], Machine]
) -> Fleet:
    """Return how the group buys; `offers` are of its types, in order.

    Raises:
        NotAnalysedError: a type on spot has no spot price in the group's region, or there is a
            warm pool, which EC2 has for one type on demand only.
    """
    plain = Fleet(
        zones=group.zones or UNKNOWN_ZONES,
        termination=_termination(group.termination),
        warm_pool=_warm_pool(group),
    )
    if not is_mixed(group):
        return plain
    if plain.warm_pool is not None:
        raise NotAnalysedError("its warm pool stands beside spot or several types")
    return replace(
        plain,
        slots=tuple(
            slot_of(offer, machine(offer), own.weight, on_spot=group.spot_share > 0)
            for offer, own in zip(offers, group.slots, strict=True)
        ),
        on_demand_base=group.on_demand_base,
        on_demand_allocation=(
            "lowest-price" if group.on_demand_allocation == "lowest-price" else "prioritized"
        ),
        spot_share=group.spot_share,
        spot_allocation=_SPOT.get(group.spot_allocation, "price-capacity-optimized"),
        spot_pools=group.spot_pools,
        capacity_rebalance=group.capacity_rebalance,
    )


def _warm_pool(group: InstanceGroup) -> WarmPool | None:
    pool = group.warm_pool
    if pool is None:
        return None
    return WarmPool(
        min_size=pool.min_size,
        max_prepared=pool.max_prepared,
        state=pool.state,
        reuse_on_scale_in=pool.reuse_on_scale_in,
    )


def slot_of(offer: Offer, machine: Machine, weight: int, *, on_spot: bool) -> Slot:
    """Return a type as a group may launch it.

    Raises:
        NotAnalysedError: it is to run on spot, and has no spot price.
    """
    if on_spot and offer.usd_per_hour_spot is None:
        raise NotAnalysedError(f"{offer.instance_type} has no spot price in {offer.region}")
    return Slot(machine, weight, offer.usd_per_hour_spot, INTERRUPTIONS_PER_MONTH)


def _termination(policies: Iterable[str]) -> tuple[Termination, ...]:
    """Return the policies in order; those that make no difference are the default's."""
    known = tuple(_TERMINATION[name] for name in policies if name in _TERMINATION)
    return (*dict.fromkeys(known), "default")


def money_of(disks: Iterable[Disk], committed_usd_per_hour: float, discount: float) -> Money:
    """Return what each instance pays for disks that have a price, and what is committed to."""
    found = [disk for disk in disks if disk.kind in USD_PER_GIB_MONTH]
    gib = sum(disk.gib for disk in found)
    usd = sum(disk.gib * USD_PER_GIB_MONTH[disk.kind] for disk in found)
    plain = Money(
        committed_usd_per_hour=committed_usd_per_hour,
        committed_discount=discount if committed_usd_per_hour else 0.0,
    )
    return plain if not gib else replace(plain, root_gib=gib, root_usd_per_gib_month=usd / gib)


def fleet_notes(group: InstanceGroup) -> Iterable[str]:
    """Say how a group of several types or prices is simulated."""
    names = ", ".join(slot.instance_type for slot in group.slots)
    if group.requirements:
        yield "its attributes are left as they are: which types they stand for changes with prices"
    elif holds_type(group) and len(group.slots) > 1:
        yield f"it mixes {names}: their list is left as it is"
    elif len(group.slots) > 1:
        first = group.slots[0].instance_type
        yield f"{len(group.slots)} types are listed: simulated on the first, {first}"
    if group.spot_share > 0:
        above = f" above {group.on_demand_base} on demand" if group.on_demand_base else ""
        yield (
            f"{group.spot_share:.0%}{above} run on spot, at the spot price of the price book's "
            f"date; {INTERRUPTIONS_PER_MONTH:.0%} of them are taken to be reclaimed in a month"
        )
    if group.cloud == "azure" and group.operating_system == "windows":
        paid = "is not in the price: it is brought along (license_type)"
        yield f"its Windows licence {paid if group.own_licence else _LICENCE}"
    yield from _disk_notes(group)


def _disk_notes(group: InstanceGroup) -> Iterable[str]:
    priced = sum(disk.gib for disk in group.disks if disk.kind in USD_PER_GIB_MONTH)
    if priced:
        where = PRICED_IN[group.cloud]
        yield f"disks of {priced:g} GiB an instance are priced as in {where}"
    others = dict.fromkeys(d.kind for d in group.disks if d.kind not in USD_PER_GIB_MONTH)
    if others:
        yield f"its {' and '.join(others)} disks have no price here and are not in its cost"
