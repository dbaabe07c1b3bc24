"""Turns a group whose plan does not name its types into one that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from tfopt.plan.model import InstanceGroup, Slot
from tfopt.pricing import Offer, PriceBook
from tfopt.pricing.requirements import Matches, matching
from tfopt.requirements import Architecture, Requirements
from tfopt.scenario.pods import on_nodes
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import Settings

MOST_TYPES: Final = 12
"""How many of the types that match are simulated: the cheapest, which are launched first."""
_NAMED = 4  # of them, in the note
_ARM_ONLY = frozenset({"amazon-web-services", "apple"})


def with_types(group: InstanceGroup, book: PriceBook, settings: Settings) -> InstanceGroup:
    """Return the group with the types that its attributes stand for as slots, cheapest first.

    EC2 launches on demand the cheapest that there is capacity for, and spot by its allocation
    strategy; both only within their price protection. Pods run on the nodes that the user names.

    Raises:
        NotAnalysedError: what matches is not told by the price book, or nothing does.
    """
    if not group.requirements:
        return on_nodes(group, settings, book)
    hidden = next((one.hidden for one in group.requirements if one.hidden), None)
    if hidden is not None:
        raise NotAnalysedError(hidden)
    if group.region is None:
        raise NotAnalysedError("its region is not in the plan")
    if group.capacity_unit == "memory-mib":
        raise NotAnalysedError("its sizes count MiB of memory, which is not simulated")
    if any(one.accelerated == "required" for one in group.requirements):
        raise NotAnalysedError("it asks for accelerators, which the price book does not describe")
    weight = _vcpus if group.capacity_unit == "vcpu" else _one
    found: dict[str, Offer] = {}
    for wanted in group.requirements:
        architecture = architecture_for(wanted, settings)
        offers = book.offers(group.cloud, group.region)
        matches = matching(offers, wanted, architecture, weight)
        found |= {offer.instance_type: offer for offer in _launched(group, matches)}
    named = {slot.instance_type for slot in group.slots}
    offers = [offer for name, offer in found.items() if name not in named]
    simulated = _simulated(offers, on_demand=_buys_on_demand(group))
    kept = simulated[: MOST_TYPES - len(group.slots)]
    if not group.slots and not kept:
        raise NotAnalysedError(f"no type in {group.region} has the attributes it asks for")
    slots = (*group.slots, *(Slot(one.instance_type, weight(one)) for one in kept))
    notes = (*group.notes, *_notes(group, len(found), kept, settings))
    return replace(group, slots=slots, notes=notes)


def architecture_for(wanted: Requirements, settings: Settings) -> Architecture:
    """Return what the machine image runs on: by its name, the processors asked for, the settings.

    Where none of them tells, it is taken to be x86_64.
    """
    if wanted.architecture is not None:
        return wanted.architecture
    if wanted.cpu_manufacturers:
        return "arm64" if _ARM_ONLY.issuperset(wanted.cpu_manufacturers) else "x86_64"
    allowed = settings.defaults.architectures or ()
    return "arm64" if allowed == ("arm64",) else "x86_64"


def _one(_: Offer) -> int:
    return 1


def _vcpus(offer: Offer) -> int:
    return int(offer.vcpus)


def _buys_on_demand(group: InstanceGroup) -> bool:
    return group.spot_share < 1 or group.on_demand_base > 0


def _launched(group: InstanceGroup, matches: Matches) -> Sequence[Offer]:
    """Return what the group may launch; beside spot, on demand is the cheapest alone."""
    if group.spot_share == 0:
        return matches.on_demand
    first = matches.on_demand[:1] if _buys_on_demand(group) else ()
    if any(offer.usd_per_hour_spot is None for offer in first):
        raise NotAnalysedError(f"{first[0].instance_type} has no spot price in {group.region}")
    return (*first, *(offer for offer in matches.spot if offer not in first))


def _simulated(offers: Iterable[Offer], *, on_demand: bool) -> list[Offer]:
    """Return the types whose speed over time is known; one that EC2 takes first must be."""
    found = list(offers)
    known = [offer for offer in found if offer.burst is not None or offer.baseline_cpu >= 1]
    if on_demand and found and found[0] not in known:
        raise NotAnalysedError(
            f"the cheapest type that it may launch, {found[0].instance_type}, is throttled by "
            "rules that its vendor does not publish"
        )
    return known


def _notes(
    group: InstanceGroup, matched: int, kept: Sequence[Offer], settings: Settings
) -> Iterable[str]:
    first = ", ".join(offer.instance_type for offer in kept[:_NAMED])
    types = "type matches" if matched == 1 else "types match"
    simulated = (
        "" if len(kept) == matched else f"; simulated are the {len(kept)} cheapest of known speed"
    )
    if kept:
        yield f"{matched} {types} its attributes, the cheapest {first}{simulated}"
    yield from dict.fromkeys(
        doubt for wanted in group.requirements for doubt in _doubts(wanted, settings)
    )


def _doubts(wanted: Requirements, settings: Settings) -> Iterable[str]:
    for name in wanted.unread:
        yield f"{name} is not in the price book: types that fail it may be among them"
    if wanted.architecture is None and not wanted.cpu_manufacturers:
        yield f"its machine image is taken to run on {architecture_for(wanted, settings)}"
