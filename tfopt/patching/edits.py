"""Makes an edit of one attribute: traced, proven by evaluation, told as the report tells it."""

from __future__ import annotations

from dataclasses import dataclass

from tfopt.hcl.edit import Change
from tfopt.hcl.trace import Counterfactual, Refusal, Trace, Tracer
from tfopt.recommendation import Edit


@dataclass(frozen=True, slots=True)
class Proposal:
    """One attribute's edit as it is listed, and the change to be made; None where refused."""

    edit: Edit
    change: Change | None = None


def propose(
    tracer: Tracer,
    attribute: str,
    found: Trace | Refusal,
    value: str | int | float,
    comment: str | None,
) -> Proposal:
    """Return the edit that gives a traced attribute a value, or why there is none.

    Args:
        tracer: that found it.
        attribute: in tfopt's words.
        found: where it stands.
        value: in the configuration's own units.
        comment: for the changed line.
    """
    if isinstance(found, Refusal):
        return Proposal(refused(attribute, found, found.reason))
    found, proof = tracer.narrowest(found, value)
    if not proof.proven:
        return Proposal(refused(attribute, found, proof.reason or "the edit is not proven"))
    change = Change(found.leaf, value, comment)
    return Proposal(_listed(attribute, found, change, proof), change)


def refused(attribute: str, found: Trace | Refusal, reason: str) -> Edit:
    """Return how a refusal is listed."""
    leaf = found.leaf
    return Edit(
        attribute=attribute,
        grade="unknown" if isinstance(found, Trace) else found.grade,
        reason=reason,
        file=leaf.label if leaf else None,
        line=leaf.line if leaf else None,
        trace=list(found.hops),
    )


def _listed(attribute: str, found: Trace, change: Change, proof: Counterfactual) -> Edit:
    return Edit(
        attribute=attribute,
        grade=proof.grade,
        reason=found.reason if proof.also_moves else None,
        file=found.leaf.label,
        line=found.leaf.line,
        byte_range=[found.leaf.start, found.leaf.end],
        path=found.leaf.path,
        old=found.leaf.text or None,
        new=change.new_text,
        also_moves=list(proof.also_moves),
        trace=list(found.hops),
    )
