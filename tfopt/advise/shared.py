"""Finds the groups that one literal sizes together, in one plan or across several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tfopt.advise.leaves import Leaves, same_literal
from tfopt.hcl.locate import Leaf
from tfopt.hcl.trace import Trace, Tracer
from tfopt.plan.model import InstanceGroup

LeafPlace = tuple[Path, int, str]  # file, byte, key to be added
_Role = tuple[str, float]  # attribute, and what turns our unit into the configuration's


def place_of(leaf: Leaf) -> LeafPlace:
    """Return what tells a literal, or a key to be added, from any other of any plan."""
    return leaf.file.resolve(), leaf.start, leaf.key


@dataclass(frozen=True, slots=True)
class Traced:
    """One group and where its settings stand; `shared` are the literals of several groups."""

    plan: str  # its path
    group: InstanceGroup
    leaves: Leaves
    tracer: Tracer | None
    shared: Mapping[str, LeafPlace] = field(default_factory=dict)  # by attribute

    @property
    def id(self) -> tuple[str, str]:
        """What tells the group from those of all plans."""
        return self.plan, self.group.address

    def name_beside(self, other: Traced) -> str:
        """Return the group's address, with its plan where the other stands in another one."""
        address = self.group.address
        return address if self.plan == other.plan else f"{address} in {self.plan}"

    def refusing(self, reasons: Mapping[str, str]) -> Traced:
        """Return the group with some shared literals left as they are, and why."""
        shared = {name: place for name, place in self.shared.items() if name not in reasons}
        return replace(self, leaves=self.leaves.refusing(reasons), shared=shared)

    def role(self, attribute: str) -> _Role:
        """Return what a literal means to the group."""
        return attribute, self.group.sites[attribute].scale


Owners = Mapping[LeafPlace, Sequence[tuple[Traced, str]]]  # group, attribute


def owners(groups: Iterable[Traced]) -> Owners:
    """Return whose setting each literal is that an edit can reach."""
    found: dict[LeafPlace, list[tuple[Traced, str]]] = {}
    for traced in groups:
        for name, leaf in traced.leaves.found.items():
            if isinstance(leaf, Trace):
                found.setdefault(place_of(leaf.leaf), []).append((traced, name))
    return found


def with_shared(groups: Sequence[Traced]) -> list[Traced]:
    """Mark what groups share; refuse literals whose every owner cannot be decided together.

    All that a literal sizes has to be the same setting, in the same unit, of groups that would be
    edited at that very literal.
    """
    known = owners(groups)
    checked = [traced.refusing(dict(_unfit(traced, known))) for traced in groups]
    if checked != list(groups):  # what one of them must not edit, the others must not either
        return with_shared(checked)
    places = {place for place, whose in known.items() if len(whose) > 1}
    return [replace(traced, shared=dict(_among(traced, places))) for traced in groups]


def _among(traced: Traced, places: set[LeafPlace]) -> Iterator[tuple[str, LeafPlace]]:
    for name, found in traced.leaves.found.items():
        if isinstance(found, Trace) and place_of(found.leaf) in places:
            yield name, place_of(found.leaf)


def _unfit(traced: Traced, known: Owners) -> Iterator[tuple[str, str]]:
    """Yield the settings whose literal is something else as well, and what."""
    for name, found in traced.leaves.found.items():
        if not isinstance(found, Trace):
            continue
        whose = known[place_of(found.leaf)]
        for other, attribute in whose:
            if other.role(attribute) != traced.role(name):
                yield name, same_literal(attribute, other.name_beside(traced))
        beside = {other.group.address for other, _ in whose if other.plan == traced.plan}
        for address in sorted(traced.leaves.shared.get(name, frozenset()) - beside):
            yield name, same_literal(name, address)


def clusters(groups: Sequence[Traced]) -> list[list[int]]:
    """Return the positions of groups that hang together by shared literals, two or more each."""
    found: list[tuple[set[LeafPlace], list[int]]] = []
    for i, traced in enumerate(groups):
        places = set(traced.shared.values())
        if not places:
            continue
        touched = [one for one in found if one[0] & places]
        found = [one for one in found if not one[0] & places]
        found.append(
            (
                places.union(*(one[0] for one in touched)),
                [*(j for one in touched for j in one[1]), i],
            )
        )
    return sorted(sorted(members) for _, members in found if len(members) > 1)
