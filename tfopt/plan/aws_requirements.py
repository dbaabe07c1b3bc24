"""Reads `instance_requirements` blocks: the types of a group by what they have."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from tfopt.plan.model import REDACTED, UNKNOWN
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, number, text, texts
from tfopt.requirements import Architecture, Presence, Range, Requirements

CapacityUnit = Literal["units", "vcpu", "memory-mib"]
NOTE = "instances are chosen by attributes (instance_requirements), not by type"
_NOT_HELD = (  # by the price book
    "baseline_ebs_bandwidth_mbps",
    "local_storage_types",
    "network_interface_count",
    "require_hibernate_support",
    "total_local_storage_gb",
)
_ACCELERATORS = (
    "accelerator_count",
    "accelerator_manufacturers",
    "accelerator_names",
    "accelerator_total_memory_mib",
    "accelerator_types",
)
_ARM = re.compile(r"arm64|aarch64|graviton", re.IGNORECASE)
_X86 = re.compile(r"x86|amd64", re.IGNORECASE)


def read_requirements(
    given: Mapping[str, object], architecture: Architecture | None
) -> Requirements:
    """Return what a block asks for."""
    hidden = _first_hidden(given)
    if hidden is not None:
        state = "sensitive" if hidden is REDACTED else "known only after apply"
        why = f"what it asks of its instance types is {state}"
        return Requirements(vcpus=Range(), memory_mib=Range(), hidden=why)
    return Requirements(
        vcpus=_range(given, "vcpu_count"),
        memory_mib=_range(given, "memory_mib"),
        memory_gib_per_vcpu=_range(given, "memory_gib_per_vcpu"),
        network_gbps=_range(given, "network_bandwidth_gbps"),
        cpu_manufacturers=tuple(texts(given.get("cpu_manufacturers"))),
        generations=tuple(texts(given.get("instance_generations"))),
        allowed_types=tuple(texts(given.get("allowed_instance_types"))),
        excluded_types=tuple(texts(given.get("excluded_instance_types"))),
        bare_metal=_presence(given, "bare_metal", "excluded"),
        burstable=_presence(given, "burstable_performance", "excluded"),
        local_storage=_presence(given, "local_storage", "included"),
        accelerated=_accelerated(given),
        on_demand_over_lowest=_share(given, "on_demand_max_price_percentage_over_lowest_price", 20),
        spot_over_lowest=_share(given, "spot_max_price_percentage_over_lowest_price", 100),
        spot_of_on_demand=_spot_ceiling(given),
        architecture=architecture,
        unread=tuple(name for name in _NOT_HELD if _is_set(given.get(name))),
    )


def asked_by(
    overrides: Iterable[Mapping[str, object]], architecture: Architecture | None
) -> tuple[tuple[Requirements, ...], tuple[str, ...]]:
    """Return what the overrides of a group ask for, and what is to be said of it."""
    given = [one for each in overrides for one in blocks(each.get("instance_requirements"))]
    found = tuple(read_requirements(one, architecture) for one in given)
    return found, (NOTE,) if found else ()


def capacity_unit(value: object) -> CapacityUnit:
    """Return what a group's sizes count: units, unless its types are chosen by attributes."""
    words: Mapping[str, CapacityUnit] = {"vcpu": "vcpu", "memory-mib": "memory-mib"}
    return words.get(text(value) or "", "units")


def architecture_of(source: Resource | None, attribute: str) -> Architecture | None:
    """Guess the architecture from the names that lead to the machine image."""
    if source is None:
        return None
    words = [text(source.get(attribute)) or "", *source.references(attribute)]
    if any(map(_ARM.search, words)):
        return "arm64"
    return "x86_64" if any(map(_X86.search, words)) else None


def _first_hidden(value: object) -> object:
    """Return the first value inside that is sensitive or known only after apply, else None."""
    if value is REDACTED or value is UNKNOWN:
        return value
    inside: list[object] = []
    if isinstance(value, Mapping):
        inside = list(value.values())
    elif isinstance(value, list):
        inside = value
    return next(filter(None, map(_first_hidden, inside)), None)


def _range(given: Mapping[str, object], name: str) -> Range:
    """Return the bounds of a block; 0 as the upper one is the provider's way to leave it out."""
    bounds = block(given, name)
    return Range(number(bounds.get("min")) or 0.0, number(bounds.get("max")) or math.inf)


def _presence(given: Mapping[str, object], name: str, default: Presence) -> Presence:
    words: Mapping[str, Presence] = {
        "included": "included",
        "excluded": "excluded",
        "required": "required",
    }
    return words.get(text(given.get(name)) or "", default)


def _accelerated(given: Mapping[str, object]) -> Presence:
    """Tell whether accelerators are asked for; EC2 leaves them out only where the maximum is 0."""
    count = block(given, "accelerator_count")
    if count and number(count.get("max")) == 0 and not number(count.get("min")):
        return "excluded"
    return "required" if any(_is_set(given.get(one)) for one in _ACCELERATORS) else "included"


def _share(given: Mapping[str, object], name: str, default: float) -> float:
    return (number(given.get(name)) or default) / 100


def _spot_ceiling(given: Mapping[str, object]) -> float | None:
    percentage = number(given.get("max_spot_price_as_percentage_of_optimal_on_demand_price"))
    return percentage / 100 if percentage else None


def _is_set(value: object) -> bool:
    return flag(value) is not False and value not in (None, "", [], 0)
