"""Follows attributes from the resource to the literal that decides them, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from tfopt.errors import TfoptError
from tfopt.hcl.trace import Refusal, Trace, Tracer
from tfopt.patching.inputs import PlanSources
from tfopt.patching.leaves import trace_site
from tfopt.patching.targets import Addressed, find_group, site_of
from tfopt.plan.model import REDACTED, SIZING, UNKNOWN


@dataclass(frozen=True, slots=True)
class Chain:
    """Where one attribute comes from.

    Attributes:
        attribute: in tfopt's words.
        planned: its planned value as JSON has it, in the configuration's units; None where it may
            not or cannot be shown: `hidden` then says why.
        found: the literal, or why there is none.
        steps: the way from the resource down to the literal, `(place, what stands there)`.
    """

    attribute: str
    planned: object
    found: Trace | Refusal
    steps: tuple[tuple[str, str], ...]
    hidden: str = ""


def chains(given: PlanSources, address: str, attribute: str | None) -> list[Chain]:
    """Return the chain of one attribute of a group, or of all that it has.

    Raises:
        TfoptError: there is no such group or attribute, or there are no sources to follow.
    """
    addressed = find_group(given.plan, address)
    names = [attribute] if attribute else [n for n in SIZING if n in addressed.group.sites]
    tracer = given.tracer()
    if tracer is None:
        raise TfoptError(given.no_sources, where=given.plan.shown_path)
    return [_chain(tracer, addressed, name) for name in names]


def _chain(tracer: Tracer, addressed: Addressed, attribute: str) -> Chain:
    site = site_of(addressed, attribute)
    found = trace_site(tracer, addressed.group, attribute, site)
    shown = site.value if site.value not in (REDACTED, UNKNOWN) else None
    word = "" if shown is not None or site.value is None else str(site.value)
    return Chain(attribute, shown, found, _steps(found), word)


def _steps(found: Trace | Refusal) -> tuple[tuple[str, str], ...]:
    """Turn the hops around: a person starts at the resource."""
    steps: list[tuple[str, str]] = []
    for hop in reversed(found.hops):
        place, _, what = hop.partition(" ")
        if what and ":" in place:
            steps.append((place, what))
    if steps and found.leaf is not None and steps[-1][1] == found.leaf.path:
        steps[-1] = (steps[-1][0], f"{found.leaf.path} = {found.leaf.text}")
    return tuple(steps)
