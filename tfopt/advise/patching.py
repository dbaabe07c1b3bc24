"""Turns decided settings into edits of literals: all of a group's, or none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfopt.advise.answer import changes
from tfopt.advise.shared import LeafPlace, Traced, place_of
from tfopt.advise.together import Together
from tfopt.advise.wording import annotation
from tfopt.hcl.edit import Change
from tfopt.hcl.locate import Leaf
from tfopt.patching.compare import Place
from tfopt.patching.edits import propose
from tfopt.patching.targets import in_configuration_units
from tfopt.recommendation import Edit, Group


@dataclass(frozen=True, slots=True)
class Edits:
    """What one group's recommendation asks of the files.

    `wanted` is what a new plan has to say of them, by (resource address, *path).
    """

    listed: list[Edit]
    changes: list[Change]  # empty where any of them is refused
    wanted: Mapping[Place, str | int | float | bool] = field(default_factory=dict)

    def withheld(self, reason: str) -> Edits:
        """Return the edits as refused, all for one reason."""
        refusal = {"grade": "unknown", "reason": reason}
        return Edits([edit.model_copy(update=refusal) for edit in self.listed], [])

    @property
    def refused(self) -> bool:
        """Whether edits are listed of which none is to be made."""
        return bool(self.listed) and not self.changes


def edits_of(
    traced: Traced,
    answer: Group,
    together: Mapping[str, Together],
    *,
    comment_date: str | None,
) -> Edits:
    """Return the edits that carry out the recommendation for one group.

    Args:
        traced: the group as the plan has it, and where its settings stand.
        answer: as decided.
        together: the settings that are changed for other groups as well.
        comment_date: of the newest facts used; None to leave lines without annotation.
    """
    group, leaves, tracer = traced.group, traced.leaves, traced.tracer
    if answer.current is None or answer.recommended is None:
        return Edits([], [])
    listed: list[Edit] = []
    made: list[Change] = []
    places: dict[Place, str | int | float | bool] = {}
    for attribute in sorted(changes(answer.current, answer.recommended)):
        value = getattr(answer.recommended, attribute)
        wanted = in_configuration_units(group.sites.get(attribute), value)
        found = leaves.found.get(attribute)
        if tracer is None or found is None:
            reason = leaves.no_sources or "the plan does not say where it stands"
            listed.append(Edit(attribute=attribute, grade="unknown", reason=reason))
            continue
        sharing = together.get(attribute)
        # the group's other edits go with the shared one: what they are worth, all know together
        spoken = sharing or max(together.values(), key=lambda s: s.groups, default=None)
        comment = _Comment(answer, attribute, comment_date, spoken) if comment_date else None
        proposal = propose(tracer, attribute, found, wanted, comment)
        listed.append(_moving(proposal.edit, sharing))
        if proposal.change is not None:
            made.append(proposal.change)
            site = group.sites[attribute]
            places[(site.address, *site.path)] = wanted
    whole = len(made) == len(listed)
    return Edits(listed, made, places) if whole else Edits(listed, [])


def _moving(edit: Edit, sharing: Together | None) -> Edit:
    """Return the edit with what it moves that its own plan does not tell."""
    if sharing is None or not sharing.moves or edit.new is None:
        return edit
    moves = [*edit.also_moves, *sharing.moves]
    return edit.model_copy(update={"also_moves": moves, "grade": "patchable-shared"})


@dataclass(frozen=True, slots=True)
class _Comment:
    """Words the annotation of one changed line."""

    answer: Group
    attribute: str
    date: str
    sharing: Together | None = None

    def __call__(self, leaf: Leaf) -> str:
        """Return what to say; a key that is added stands for the value it had by default."""
        old = leaf.text or _spelled(getattr(self.answer.current, self.attribute))
        shared = self.sharing
        if shared is None:
            saving, holds = _saving(self.answer), _holds(self.answer)
            return annotation(self.attribute, old, saving, self.date, holds=holds)
        return annotation(
            self.attribute,
            old,
            shared.saving_usd,
            self.date,
            holds=shared.holds,
            groups=shared.groups,
        )


def _spelled(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _saving(answer: Group) -> float:
    if answer.proof is None:
        return 0.0
    return answer.proof.saving_usd_per_month.p50


def _holds(answer: Group) -> bool:
    """Tell whether the recommended settings meet the SLO."""
    proof = answer.proof
    return proof is not None and any(
        contender.meets_slo for contender in proof.contenders if contender.name == proof.won_by
    )


class Claims:
    """The changes of all groups; a literal that two plans want differently goes to the first."""

    def __init__(self) -> None:
        self._wanted: dict[LeafPlace, tuple[str, str]] = {}
        self._changes: dict[LeafPlace, Change] = {}
        self._planned: dict[str, dict[Place, str | int | float | bool]] = {}

    @property
    def changes(self) -> list[Change]:
        """Every change to be made, each literal once."""
        return list(self._changes.values())

    def planned(self, plan: str) -> Mapping[Place, str | int | float | bool]:
        """Return what a new plan in one plan's stead has to say."""
        return self._planned.get(plan, {})

    def admit(self, bundle: Sequence[tuple[Traced, Edits]]) -> list[Edits]:
        """Take in the changes of groups that share literals, all or none; return them as listed.

        A group that shares nothing is a bundle of its own.
        """
        asked = [self._checked(traced, edits) for traced, edits in bundle]
        stopped = next((i for i, edits in enumerate(asked) if edits.refused), None)
        if stopped is not None:
            blocking = bundle[stopped][0]
            return [
                edits
                if edits.refused
                else edits.withheld(f"{blocking.name_beside(traced)} shares it and is not edited")
                for (traced, _), edits in zip(bundle, asked, strict=True)
            ]
        for traced, edits in bundle:
            for change in edits.changes:
                place = place_of(change.leaf)
                self._wanted[place] = (traced.group.address, change.new_text)
                self._changes.setdefault(place, change)
            self._planned.setdefault(traced.plan, {}).update(edits.wanted)
        return asked

    def _checked(self, traced: Traced, edits: Edits) -> Edits:
        """Return the edits, withheld where another group wants something else in a place."""
        for change in edits.changes:
            mine = (traced.group.address, change.new_text)
            owner, text = self._wanted.get(place_of(change.leaf), mine)
            if text != change.new_text:
                return edits.withheld(f"{owner} wants {text} in the same place")
        return edits
