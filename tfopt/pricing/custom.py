"""Prices custom machine types of Compute Engine by the two rates of their family's own types.

Predefined types of a family are priced by vCPU and GiB, to the digit, in every region: two of them
give both rates, and all others are held against them. A custom type pays a premium on both
(docs/decisions/0024-custom-machine-types.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tfopt.errors import TfoptError
from tfopt.pricing.offer import Offer

PREMIUM: Final = 1.05
_CUSTOM = re.compile(r"(?:(n1|n2|n2d|n4|n4a|n4d|e2)-)?custom-(\d{1,3})-(\d{3,7})(-ext)?")
_MOST_GIB = {"n1": 6.5}  # per vCPU; above, memory is extended and has a rate of its own
_GIB = 8.0
_TOLERANCE = 0.01
Rates = tuple[float, float]  # USD per hour of a vCPU and of a GiB


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom machine type; without a family it is of N1."""

    name: str
    family: str
    vcpus: int
    memory_gib: float
    extended: bool

    @property
    def architecture(self) -> str:
        """The processor's, which the family decides."""
        return "arm64" if self.family == "n4a" else "x86_64"


def read_custom(name: str) -> Custom | None:
    """Return what a name of a custom type says; None for any other name."""
    match = _CUSTOM.fullmatch(name)
    if match is None or not int(match[2]):
        return None
    return Custom(name, match[1] or "n1", int(match[2]), int(match[3]) / 1024, bool(match[4]))


def custom_offer(custom: Custom, region: str, offers: Iterable[Offer]) -> Offer:
    """Return a custom type's offer, made of its family's in the same region.

    Raises:
        TfoptError: its memory is extended, or the family's prices do not tell its rates.
    """
    if custom.extended or custom.memory_gib > custom.vcpus * _MOST_GIB.get(custom.family, _GIB):
        raise TfoptError(
            f"no gcp price for {custom.name}: extended memory has a rate of its own",
            hint=f"Up to {_MOST_GIB.get(custom.family, _GIB):g} GiB a vCPU are priced",
        )
    kin = [one for one in offers if one.family == custom.family and one.baseline_cpu >= 1]
    plain = [one for one in kin if not one.local_disk]
    rates = _rates(plain, [one.usd_per_hour for one in plain])
    if rates is None:
        raise TfoptError(
            f"no gcp price for {custom.name} in {region}: its family's do not tell its rates",
            hint=f"`tfopt prices show gcp {region}` lists its types",
        )
    spot = [one for one in plain if one.usd_per_hour_spot is not None]
    spot_rates = _rates(spot, [one.usd_per_hour_spot or 0.0 for one in spot])
    nearest = min(plain, key=lambda one: (abs(one.vcpus - custom.vcpus), one.instance_type))
    return replace(
        nearest,
        instance_type=custom.name,
        vcpus=custom.vcpus,
        memory_gib=custom.memory_gib,
        network_gbps=None,
        perf_quality=None if nearest.perf_quality is None else "family",
        usd_per_hour=_price(custom, rates),
        usd_per_hour_spot=None if spot_rates is None else _price(custom, spot_rates),
        price_quality="estimated",
    )


def _price(custom: Custom, rates: Rates) -> float:
    return round(PREMIUM * (custom.vcpus * rates[0] + custom.memory_gib * rates[1]), 6)


def _rates(offers: Sequence[Offer], prices: Sequence[float]) -> Rates | None:
    """Return the rates of vCPU and memory; None where a price is 1 % off what they make it."""
    if len(offers) < 3:
        return None
    order = sorted(range(len(offers)), key=lambda i: (_share(offers[i]), offers[i].vcpus))
    lean, rich = offers[order[0]], offers[order[-1]]
    both = lean.vcpus * rich.memory_gib - rich.vcpus * lean.memory_gib
    if _share(rich) < 1.5 * _share(lean):
        return None
    low, high = prices[order[0]], prices[order[-1]]
    vcpu = (low * rich.memory_gib - high * lean.memory_gib) / both
    gib = (lean.vcpus * high - rich.vcpus * low) / both
    made = (one.vcpus * vcpu + one.memory_gib * gib for one in offers)
    fits = all(abs(was / price - 1) <= _TOLERANCE for was, price in zip(made, prices, strict=True))
    return (vcpu, gib) if fits and vcpu > 0 and gib > 0 else None


def _share(offer: Offer) -> float:
    return offer.memory_gib / offer.vcpus
