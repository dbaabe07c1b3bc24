"""Finds the instance types that have the attributes a group asks for, as EC2 does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tfopt.pricing.offer import Offer
from tfopt.requirements import Architecture, Presence, Requirements

_MANUFACTURERS = {"AWS": "amazon-web-services", "AMD": "amd"}  # all others are Intel's
_GENERAL = re.compile(r"[cmr]\d")  # the families whose cheapest type price protection goes by
_MIB_PER_GIB = 1024
Price = Callable[[Offer], float]


@dataclass(frozen=True, slots=True)
class Matches:
    """The types that may be launched, each list with the cheapest first."""

    on_demand: tuple[Offer, ...]
    spot: tuple[Offer, ...]  # of those with a spot price


def matching(
    offers: Iterable[Offer],
    wanted: Requirements,
    architecture: Architecture,
    per: Price = lambda _: 1.0,
) -> Matches:
    """Return the offers that a group may launch within its price protection.

    Args:
        offers: of one region.
        wanted: what is asked of them.
        architecture: what the machine image runs on.
        per: the units of capacity that a type stands for: prices are compared per unit.
    """
    fitting = [o for o in offers if o.architecture == architecture and _fits(o, wanted)]

    def listed(offer: Offer) -> float:
        return offer.usd_per_hour / per(offer)

    def spot(offer: Offer) -> float:
        return (offer.usd_per_hour_spot or 0.0) / per(offer)

    on_spot = [offer for offer in fitting if offer.usd_per_hour_spot is not None]
    if wanted.spot_of_on_demand is not None:
        most_spot = wanted.spot_of_on_demand * _lowest(fitting, listed)
    else:
        most_spot = (1 + wanted.spot_over_lowest) * _lowest(on_spot, spot)
    most_listed = (1 + wanted.on_demand_over_lowest) * _lowest(fitting, listed)
    return Matches(_within(fitting, listed, most_listed), _within(on_spot, spot, most_spot))


def _fits(offer: Offer, wanted: Requirements) -> bool:
    memory_mib = offer.memory_gib * _MIB_PER_GIB
    return (
        wanted.vcpus.holds(offer.vcpus)
        and wanted.memory_mib.holds(memory_mib)
        and wanted.memory_gib_per_vcpu.holds(offer.memory_gib / offer.vcpus)
        and wanted.network_gbps.holds(offer.network_gbps or 0.0)
        and _named(offer.instance_type, wanted)
        and _of(wanted.cpu_manufacturers, _manufacturer(offer))
        and _of(wanted.generations, "previous" if offer.current_generation is False else "current")
        and _present(offer.category == "bare-metal", wanted.bare_metal)
        and _present(offer.category == "burstable", wanted.burstable)
        and _present(bool(offer.local_disk), wanted.local_storage)
        and _present(offer.accelerated, wanted.accelerated)
    )


def _named(name: str, wanted: Requirements) -> bool:
    """Tell whether the globs let a type in: `m5.8xlarge`, `c5*.*`, `*3*`."""

    def among(globs: Sequence[str]) -> bool:
        return any(fnmatchcase(name, glob) for glob in globs)

    allowed = not wanted.allowed_types or among(wanted.allowed_types)
    return allowed and not among(wanted.excluded_types)


def _manufacturer(offer: Offer) -> str:
    return _MANUFACTURERS.get((offer.processor or "").partition(" ")[0], "intel")


def _of(values: Sequence[str], value: str) -> bool:
    return not values or value in values


def _present(is_so: bool, presence: Presence) -> bool:
    return presence == "included" or is_so == (presence == "required")


def _lowest(offers: Sequence[Offer], price: Price) -> float:
    """Return the price that price protection goes by: that of a current C, M or R, if any fits."""
    current = [offer for offer in offers if offer.current_generation is not False]
    general = [offer for offer in current if _GENERAL.match(offer.family)]
    return min(map(price, general or current or offers), default=0.0)


def _within(offers: Iterable[Offer], price: Price, most: float) -> tuple[Offer, ...]:
    affordable = [offer for offer in offers if price(offer) <= most * (1 + 1e-9)]
    return tuple(sorted(affordable, key=lambda offer: (price(offer), offer.instance_type)))
