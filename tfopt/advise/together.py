"""Tells which settings groups change together, and what that is worth to all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tfopt.advise.decide import Decision
from tfopt.advise.pinning import value_of
from tfopt.advise.shared import Traced
from tfopt.advise.wording import holds
from tfopt.scenario import Case


@dataclass(frozen=True, slots=True)
class Together:
    """One literal that is changed for several groups.

    `others` are the plan and address of the group's partners, `moves` what an edit moves of them in
    the words of `also_moves`; the saving is everyone's, per month.
    """

    others: tuple[tuple[str, str], ...]
    moves: tuple[str, ...]
    saving_usd: float
    holds: bool

    @property
    def groups(self) -> int:
        """How many groups the literal sizes."""
        return 1 + len(self.others)


class Settled(Protocol):
    """A group, how it was decided."""

    @property
    def traced(self) -> Traced: ...  # noqa: D102
    @property
    def case(self) -> Case: ...  # noqa: D102
    @property
    def decision(self) -> Decision: ...  # noqa: D102


def together(members: Sequence[Settled]) -> list[dict[str, Together]]:
    """Return by member the shared settings that change, with whom."""
    return [dict(_changing(member, members)) for member in members]


def _changing(member: Settled, members: Sequence[Settled]) -> Iterator[tuple[str, Together]]:
    case, chosen = member.case, member.decision.verdict.chosen
    for name, place in member.traced.shared.items():
        if value_of(case.group, chosen, name) == value_of(case.group, case.problem.present, name):
            continue
        owners = [other for other in members if place in other.traced.shared.values()]
        others = [other.traced for other in owners if other is not member]
        yield (
            name,
            Together(
                others=tuple(other.id for other in others),
                moves=tuple(moved for other in others for moved in _moved(member, other, name)),
                saving_usd=sum(o.decision.verdict.saving.usd_per_month for o in owners),
                holds=all(holds(o.decision.verdict) for o in owners),
            ),
        )


def _moved(member: Settled, other: Traced, attribute: str) -> Iterator[str]:
    """Yield what the member's own plan does not tell: another plan's group, a shared template's."""
    own, its = member.traced.group.sites[attribute], other.group.sites.get(attribute)
    if other.plan != member.traced.plan or (its is not None and its.address == own.address):
        yield other.name_beside(member.traced)


def notes(sharing: Mapping[str, Together], traced: Traced) -> Iterator[str]:
    """Say with whom settings were decided, where the group's own figures do not tell why."""
    partners: dict[Together, list[str]] = {}
    for name, shared in sharing.items():
        partners.setdefault(shared, []).append(name)
    for shared, names in partners.items():
        others = ", ".join(_name(one, traced) for one in shared.others)
        usd = shared.saving_usd
        effect = f"save {usd:.0f}" if usd >= 0 else f"cost {-usd:.0f}"
        verb = "is" if len(names) == 1 else "are"
        what = f"{_listed(names)} {verb} decided together with {others}"
        yield f"{what}, by the same literal: the groups {effect} USD a month in all"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


Id = tuple[str, str]  # plan, address


def bundles(groups: Sequence[tuple[Id, Mapping[str, Together]]]) -> list[list[int]]:
    """Return the positions of groups whose edits are made together, alone where one shares none."""
    found: list[tuple[set[Id], list[int]]] = []
    for i, (own, sharing) in enumerate(groups):
        ids = {own, *(other for shared in sharing.values() for other in shared.others)}
        joined = [one for one in found if one[0] & ids]
        found = [one for one in found if not one[0] & ids]
        members = sorted(j for _, positions in joined for j in positions)
        found.append((ids.union(*(known for known, _ in joined)), [*members, i]))
    return sorted(members for _, members in found)


def _name(other: tuple[str, str], traced: Traced) -> str:
    plan, address = other
    return address if plan == traced.plan else f"{address} in {plan}"
