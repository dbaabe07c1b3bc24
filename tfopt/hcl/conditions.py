"""Reads the conditions that Terraform holds a plan to: validations, pre- and postconditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tfopt.hcl.syntax import Attribute, Block, Body, Literal

_KINDS = ("validation", "precondition", "postcondition")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a variable, resource or output; `path` tells it from the block's others."""

    path: tuple[str | int, ...]
    condition: Attribute
    message: str  # as written; empty where it is computed

    def __str__(self) -> str:
        """Return how a broken one is told."""
        said = f": {self.message}" if self.message else ""
        return f"the {self.path[-2]} at {self.condition.span.where} does not allow it{said}"


def conditions(block: Block) -> Iterator[Condition]:
    """Yield the conditions that stand in a block."""
    yield from _in_body(block.body, ())
    for lifecycle in block.body.of_type("lifecycle"):
        yield from _in_body(lifecycle.body, ("lifecycle",))


def _in_body(body: Body, prefix: tuple[str, ...]) -> Iterator[Condition]:
    for kind in _KINDS:
        for i, inner in enumerate(body.of_type(kind)):
            condition = inner.body.attributes.get("condition")
            if condition is not None:
                yield Condition((*prefix, kind, i), condition, _message(inner.body))


def _message(body: Body) -> str:
    written = body.attributes.get("error_message")
    literal = written is not None and isinstance(written.expr, Literal)
    return " ".join(str(written.expr.value).split()) if literal else ""  # type: ignore[union-attr]
