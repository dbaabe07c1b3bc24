"""Makes an edit of one attribute: traced, proven by evaluation, told as the report tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfopt.hcl.edit import Change
from tfopt.hcl.findings import Move
from tfopt.hcl.locate import Leaf
from tfopt.hcl.trace import Counterfactual, Refusal, Trace, Tracer
from tfopt.recommendation import Edit


@dataclass(frozen=True, slots=True)
class Proposal:
    """One attribute's edit as it is listed, and the change to be made; None where refused.

    `moves` is what else the change moves.
    """

    edit: Edit
    change: Change | None = None
    moves: tuple[Move, ...] = ()


def propose(
    tracer: Tracer,
    attribute: str,
    found: Trace | Refusal,
    value: str | int | float,
    comment: Callable[[Leaf], str] | None = None,
) -> Proposal:
    """Return the edit that gives a traced attribute a value, or why there is none.

    Args:
        tracer: that found it.
        attribute: in tfopt's words.
        found: where it stands.
        value: in the configuration's own units.
        comment: what to say on the changed line of a leaf.
    """
    if isinstance(found, Refusal):
        return Proposal(refused(attribute, found, found.reason))
    found, proof = tracer.narrowest(found, value)
    if not proof.proven:
        return Proposal(refused(attribute, found, proof.reason or "the edit is not proven"))
    change = Change(found.leaf, value, comment(found.leaf) if comment else None)
    return Proposal(_listed(attribute, found, change, proof), change, proof.moves)


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
        reason=_also_moves(proof),
        file=found.leaf.label,
        line=found.leaf.line,
        byte_range=[found.leaf.start, found.leaf.end],
        path=found.leaf.path,
        old=found.leaf.text or None,
        new=change.new_text,
        also_moves=list(proof.also_moves),
        trace=list(found.hops),
    )


def _also_moves(proof: Counterfactual) -> str | None:
    moved = proof.also_moves
    return f"also moves {', '.join(moved[:3])}{', …' if moved[3:] else ''}" if moved else None
