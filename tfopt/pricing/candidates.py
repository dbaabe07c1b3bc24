"""Chooses the instance types a group may be moved to: its exchange partners."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tfopt.pricing.offer import Offer
from tfopt.pricing.price_book import PriceBook

_EXCHANGEABLE = {"general", "compute", "memory", "storage", "burstable"}
_PLAIN = {"general", "compute", "memory"}
_SOUND_PRICES = {"listed", "listed_2024", "estimated", "corrected_windows"}
# letters of a family's name that stand for something a group may rely on, or pays for in vain:
# network, block storage, local disk (AWS); premium disks, local disk (Azure); -lssd (GCP)
_AWS_EXTRAS = frozenset("nbed")
# families of Google Cloud that take Hyperdisk and no Persistent Disk: a group's disks would have to
# change with its type
_HYPERDISK_ONLY = frozenset({"c4", "c4a", "c4d", "c4n", "n4", "n4a", "n4d", "m4"})
_ROUNDING = 0.98  # r5.large has 15.25 GiB where r6i.large has 16


@dataclass(frozen=True, slots=True)
class CandidateRules:
    """What the owner of a group allows.

    Families are globs over the family's name ("m*", "t4g", "Das_v5"); denied ones win. `None` for
    `architectures` means the present type's own, for `allow_burstable` only if the present type is.
    """

    allowed_families: tuple[str, ...] | None = None
    denied_families: tuple[str, ...] = ()
    architectures: tuple[str, ...] | None = None
    min_memory_gib: float | None = None  # what one instance of the present type needs
    min_vcpus: int = 1
    allow_burstable: bool | None = None
    smallest: float = 0.25  # capacity of an instance relative to the present type's
    largest: float = 4.0
    max_candidates: int = 16  # per architecture


def candidates(book: PriceBook, present: Offer, rules: CandidateRules) -> list[Offer]:
    """Return the types the group could run on instead, cheapest work first.

    Same region and, unless the rules say otherwise, same architecture. Never another kind of
    machine (accelerated, bare metal, HPC), never an older one, never one whose price or speed is
    not known well enough. Local disks, network-optimised and storage types only for a group that
    has them. Throttled types (burstable, flex) only for a group that runs on one.

    Memory: with `min_memory_gib`, that much, and in proportion more on an instance of more capacity
    than the present one, since it holds more requests at once. Without, nothing is known of what
    the software needs, so no instance has less memory than now, and no vCPU less to itself.

    Of what is left, at most `max_candidates` per architecture: the cheapest families and the
    present one, each in the sizes nearest to the present. The present type is not among them.
    """
    if present.category not in _EXCHANGEABLE or present.capacity is None:
        return []
    offers = book.offers(present.cloud, present.region, present.operating_system)
    fitting = [offer for offer in offers if _fits(offer, present, rules)]
    by_architecture: dict[str, list[Offer]] = defaultdict(list)
    for offer in fitting:
        by_architecture[offer.architecture].append(offer)
    chosen = [
        offer
        for alike in by_architecture.values()
        for offer in _diverse(alike, present, rules.max_candidates)
    ]
    return sorted(chosen, key=_price_of_work)


def _fits(offer: Offer, present: Offer, rules: CandidateRules) -> bool:
    return (
        offer.instance_type != present.instance_type
        and offer.architecture in (rules.architectures or (present.architecture,))
        and family_allowed(offer.family, rules)
        and offer.price_quality in _SOUND_PRICES
        and _same_kind(offer, present, rules)
        and _not_older(offer, present)
        and offer.vcpus >= rules.min_vcpus
        and _size_fits(offer, present, rules)
        and _memory_fits(offer, present, rules)
    )


def family_allowed(family: str, rules: CandidateRules) -> bool:
    """Tell whether the globs of the rules let a family be used."""

    def named(globs: Iterable[str]) -> bool:
        return any(fnmatchcase(family, glob) for glob in globs)

    allowed = rules.allowed_families is None or named(rules.allowed_families)
    return allowed and not named(rules.denied_families)


def _same_kind(offer: Offer, present: Offer, rules: CandidateRules) -> bool:
    throttled = offer.baseline_cpu < 1 or offer.category == "burstable"
    if throttled:
        present_is = present.baseline_cpu < 1 or present.category == "burstable"
        if not (present_is if rules.allow_burstable is None else rules.allow_burstable):
            return False
    plain = _PLAIN | {"burstable"}
    if offer.category not in (plain if present.category in plain else {present.category}):
        return False
    return _extras(offer) == _extras(present)


def _extras(offer: Offer) -> tuple[object, ...]:
    """Return what the type has beside vCPUs and memory, as far as its name says."""
    disk = bool(offer.local_disk)
    if offer.cloud == "aws":
        letters = re.sub(r"^[a-z]+\d+", "", offer.family.partition("-")[0])
        return disk, frozenset(letters) & _AWS_EXTRAS
    if offer.cloud == "azure":
        letters = offer.family.partition("_")[0]
        confidential = re.match(r"[DE]C", letters) is not None
        constrained = re.match(r"Standard_[A-Z]+\d+-\d", offer.instance_type) is not None
        return disk, "s" in letters, confidential, constrained
    return disk, offer.family in _HYPERDISK_ONLY


def _not_older(offer: Offer, present: Offer) -> bool:
    """Tell whether it is of the present generation or a later one, by number or by year."""
    if offer.family == present.family:
        return True
    if None not in (offer.release_year, present.release_year):
        newer = (offer.release_year or 0) >= (present.release_year or 0)
        return newer or _same_generation(offer, present)
    return _same_generation(offer, present)


def _same_generation(offer: Offer, present: Offer) -> bool:
    if offer.generation is None or present.generation is None:
        return False
    comparable = offer.category in _PLAIN and present.category in _PLAIN
    return comparable and offer.generation >= present.generation


def _size_fits(offer: Offer, present: Offer, rules: CandidateRules) -> bool:
    if offer.capacity is None or present.capacity is None:
        return False
    return rules.smallest <= offer.capacity / present.capacity <= rules.largest


def _memory_fits(offer: Offer, present: Offer, rules: CandidateRules) -> bool:
    if rules.min_memory_gib is None:
        per_vcpu = offer.memory_gib / offer.vcpus >= _ROUNDING * present.memory_gib / present.vcpus
        return per_vcpu and offer.memory_gib >= _ROUNDING * present.memory_gib
    growth = (offer.capacity or 0.0) / (present.capacity or 1.0)
    return offer.memory_gib >= rules.min_memory_gib * max(1.0, growth)


def _diverse(offers: list[Offer], present: Offer, most: int) -> list[Offer]:
    """Take the nearest size of each of the cheapest families, then the second nearest, and on.

    Price per vCPU is the same for all sizes of a family, so price alone would take one family.
    """
    families: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        families[offer.family].append(offer)
    for sizes in families.values():
        sizes.sort(key=lambda offer: (_distance(offer, present), offer.instance_type))
    ranked = sorted(families, key=lambda f: (f != present.family, _typical_price(families[f])))
    chosen: list[Offer] = []
    wanted = max(1, round(most / 3))  # three sizes of each
    for start in range(0, len(ranked), wanted):
        sizes_of = [families[family] for family in ranked[start : start + wanted]]
        for turn in range(max(map(len, sizes_of))):
            chosen += [sizes[turn] for sizes in sizes_of if turn < len(sizes)]
    return chosen[:most]


def _typical_price(sizes: list[Offer]) -> tuple[float, str]:
    """Return the middle size's price of work: one measurement alone is good to 2.5 % only."""
    return sorted(map(_price_of_work, sizes))[len(sizes) // 2]


def _distance(offer: Offer, present: Offer) -> float:
    return abs(math.log((offer.capacity or 1.0) / (present.capacity or 1.0)))


def _price_of_work(offer: Offer) -> tuple[float, str]:
    return offer.usd_per_throughput or math.inf, offer.instance_type
