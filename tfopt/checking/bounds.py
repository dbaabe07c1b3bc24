"""Numbers in a file against the guardrails: CPU targets, spot shares, sizes in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tfopt.checking.finding import Finding, finding_at
from tfopt.checking.literals import Place, inner, literal_in
from tfopt.hcl.scalars import to_number
from tfopt.hcl.syntax import Literal
from tfopt.plan.scalers import measured_by
from tfopt.settings import DefaultsTable

_TARGET = re.compile(
    r"(?:.*_)?(?:target_cpu|cpu_target)(?:_(?:utili[sz]ation|percent(?:age)?|value|share))*"
)
_SIZE = re.compile(
    r"(?P<before>(?:.*_)?)(?:(?P<min>min(?:imum)?)|(?P<max>max(?:imum)?)|desired)"
    r"(?P<after>(?:_(?:size|capacity|count|replicas|instances|nodes|node_count))?)"
)
_ON_DEMAND = "on_demand_percentage_above_base_capacity"
_SPOT_WORDS = {"capacity_type": "spot", "market_type": "spot", "provisioning_model": "spot"}


def target_findings(place: Place, defaults: DefaultsTable) -> Iterator[Finding]:
    """Yield what is wrong with a literal as a target of CPU utilisation."""
    if not (_TARGET.fullmatch(place.name) or _tracks_cpu(place)):
        return
    number = _number(place.literal)
    if number is None or number <= 0:
        return
    share = number / 100 if number > 1 else number
    what, span = f"{place.path} = {number:g}", place.literal.span
    if share > defaults.max_target_cpu + 1e-9:
        most = f"max_target_cpu = {defaults.max_target_cpu:g}"
        yield finding_at(span, "max_target_cpu", f"{what} is above {most}")
    elif share > defaults.highest_target + 1e-9:
        least = f"min_headroom = {defaults.min_headroom:g}"
        yield finding_at(span, "min_headroom", f"{what} leaves less CPU free than {least}")


def _tracks_cpu(place: Place) -> bool:
    """Tell whether a literal is the target of a policy that goes by mean CPU."""
    if place.name == "target":  # Google's autoscaling_policy
        return place.keys[-2:-1] == ("cpu_utilization",)
    if place.name != "target_value":
        return False
    metric = literal_in(
        inner(place.holder, "predefined_metric_specification"), "predefined_metric_type"
    )
    return metric is not None and measured_by(str(metric.value)) == "cpu"


def spot_findings(place: Place, defaults: DefaultsTable) -> Iterator[Finding]:
    """Yield what is wrong with a literal that says how much runs on spot."""
    share = _spot_share(place)
    if share is not None and share > defaults.max_spot_share + 1e-9:
        yield finding_at(
            place.literal.span,
            "max_spot_share",
            f"{place.path} puts {share:.0%} on spot, above max_spot_share = "
            f"{defaults.max_spot_share:g}",
        )


def _spot_share(place: Place) -> float | None:
    """Return what a literal puts on spot; None where it says nothing, or only in some cases."""
    value = place.literal.value
    if literal_in(place.holder, place.name) is not place.literal and not place.is_default:
        return None
    if place.name == _ON_DEMAND:
        number = _number(place.literal)
        return None if number is None else 1 - min(max(number, 0), 100) / 100
    if place.name == "priority" and place.resource.startswith("azurerm_"):
        return 1.0 if str(value).lower() == "spot" else 0.0
    if place.name == "preemptible":
        return 1.0 if value is True else 0.0
    word = _SPOT_WORDS.get(place.name)
    return None if word is None else float(str(value).lower() == word)


class _Size(NamedTuple):
    name: str
    literal: Literal
    number: float


def order_findings(named: Mapping[str, Literal]) -> Iterator[tuple[str, Finding]]:
    """Yield the sizes of one block or object that contradict each other, by name.

    `web_min`, `web_max` belong together, and so do `min_size`, `max_size`, `desired_capacity`.
    """
    groups: dict[str, dict[str, list[tuple[str, _Size]]]] = {}
    for name, literal in named.items():
        match, number = _SIZE.fullmatch(name), _number(literal)
        if match is not None and number is not None and number >= 0:  # −1: left as it is
            role = "min" if match["min"] else "max" if match["max"] else "desired"
            sizes = groups.setdefault(match["before"], {}).setdefault(role, [])
            sizes.append((match["after"], _Size(name, literal, number)))
    for roles in groups.values():
        yield from _order(roles)


def _order(roles: Mapping[str, list[tuple[str, _Size]]]) -> Iterator[tuple[str, Finding]]:
    for after, low in roles.get("min", ()):
        high = next((size for end, size in roles.get("max", ()) if end == after), None)
        if high is not None and low.number > high.number:
            yield _disorder(low, "above", high)
            return  # what is desired cannot lie between
    if any(len(sizes) > 1 for sizes in roles.values()):
        return  # whose the desired size is cannot be told
    for _, desired in roles.get("desired", ()):
        for _, low in roles.get("min", ()):
            if desired.number < low.number:
                yield _disorder(desired, "below", low)
        for _, high in roles.get("max", ()):
            if desired.number > high.number:
                yield _disorder(desired, "above", high)


def _disorder(one: _Size, stands: str, other: _Size) -> tuple[str, Finding]:
    said = f"{one.name} = {one.number:g} is {stands} {other.name} = {other.number:g}"
    where = f"line {other.literal.span.line}"
    return one.name, finding_at(one.literal.span, "size_order", said, where)


def _number(literal: Literal) -> float | None:
    if isinstance(literal.value, bool) or literal.value is None:
        return None
    number = to_number(literal.value)
    return None if number is None else float(number)
