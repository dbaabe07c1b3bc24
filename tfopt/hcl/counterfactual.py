"""What is to be read as if it were written otherwise: the edits of a counterfactual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tfopt.hcl.document import Span
from tfopt.hcl.syntax import Plain, Scalar
from tfopt.hcl.values import Token, Vacancy, Value

NO_KEYS: Mapping[str, Plain] = {}


@dataclass(frozen=True)
class Edits:
    """Sources read as if they were written otherwise.

    Attributes:
        replaced: literal token → the value to be read there.
        keys: object constructor, block or variable file → key → the value to be added.
    """

    replaced: Mapping[Span, Scalar] = field(default_factory=dict)
    keys: Mapping[Span, Mapping[str, Plain]] = field(default_factory=dict)

    def added(self, place: Span) -> Mapping[str, Plain]:
        """Return what is to be read as added to a place."""
        return self.keys.get(place, NO_KEYS) if self.keys else NO_KEYS

    def touch(self, value: Value) -> bool:
        """Whether a value may be another with the edits than without."""
        return bool(self.tokens) and not value.all_tokens().isdisjoint(self.tokens)

    @cached_property
    def tokens(self) -> frozenset[Token]:
        """All places that read otherwise."""
        keys = (Vacancy(place, key) for place, added in self.keys.items() for key in added)
        return frozenset[Token]((*self.replaced, *self.keys, *keys))
