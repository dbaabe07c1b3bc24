"""Turns decided settings into edits of literals: all of a group's, or none of them."""

from __future__ import annotations

from dataclasses import dataclass

from tfopt.advise.answer import changes
from tfopt.advise.leaves import Leaves
from tfopt.advise.wording import annotation
from tfopt.hcl.edit import Change
from tfopt.hcl.trace import Tracer
from tfopt.patching.edits import propose
from tfopt.patching.targets import in_configuration_units
from tfopt.plan.model import InstanceGroup
from tfopt.recommendation import Edit, Group


@dataclass(frozen=True, slots=True)
class Edits:
    """What one group's recommendation asks of the files."""

    listed: list[Edit]
    changes: list[Change]  # empty where any of them is refused

    def withheld(self, reason: str) -> Edits:
        """Return the edits as refused, all for one reason."""
        refusal = {"grade": "unknown", "reason": reason}
        return Edits([edit.model_copy(update=refusal) for edit in self.listed], [])


def edits_of(
    group: InstanceGroup,
    answer: Group,
    leaves: Leaves,
    tracer: Tracer | None,
    *,
    comment_date: str | None,
) -> Edits:
    """Return the edits that carry out the recommendation for one group.

    Args:
        group: as the plan has it.
        answer: as decided.
        leaves: where its settings stand.
        tracer: proves each edit by evaluating again; None without sources.
        comment_date: of the newest facts used; None to leave lines without annotation.
    """
    if answer.current is None or answer.recommended is None:
        return Edits([], [])
    listed: list[Edit] = []
    made: list[Change] = []
    for attribute in sorted(changes(answer.current, answer.recommended)):
        value = getattr(answer.recommended, attribute)
        wanted = in_configuration_units(group.sites.get(attribute), value)
        found = leaves.found.get(attribute)
        if tracer is None or found is None:
            reason = leaves.no_sources or "the plan does not say where it stands"
            listed.append(Edit(attribute=attribute, grade="unknown", reason=reason))
            continue
        comment = None
        if comment_date is not None and found.leaf is not None:
            comment = annotation(
                attribute, found.leaf.text, _saving(answer), comment_date, holds=_holds(answer)
            )
        proposal = propose(tracer, attribute, found, wanted, comment)
        listed.append(proposal.edit)
        if proposal.change is not None:
            made.append(proposal.change)
    whole = len(made) == len(listed)
    return Edits(listed, made if whole else [])


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
        self._wanted: dict[tuple[str, int], tuple[str, str]] = {}
        self._changes: dict[tuple[str, int], Change] = {}

    @property
    def changes(self) -> list[Change]:
        """Every change to be made, each literal once."""
        return list(self._changes.values())

    def admit(self, address: str, edits: Edits) -> list[Edit]:
        """Take a group's changes in, all or none; return its edits as they are to be listed."""
        places = {(str(c.leaf.file), c.leaf.start): c for c in edits.changes}
        for place, change in places.items():
            owner, text = self._wanted.get(place, (address, change.new_text))
            if text != change.new_text:
                reason = f"{owner} wants {text} in the same place"
                return edits.withheld(reason).listed
        for place, change in places.items():
            self._wanted[place] = (address, change.new_text)
            self._changes.setdefault(place, change)
        return edits.listed
