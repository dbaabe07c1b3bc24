"""Lists where the entry of a map could be written that decides a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tfopt.hcl.constructors import constructor_at
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.document import Span
from tfopt.hcl.locate import Leaf, leaf_to_add
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Object, Plain
from tfopt.hcl.values import Vacancy, Value


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """Where an entry could be written.

    Attributes:
        at: the map, or what the map is added to: an object, a module call, a variable file.
        name: of the map, where it is added with the entry.
        map: the map as it is written; None where it is added.
    """

    at: Span
    name: str | None = None
    map: Object | None = None

    def edits(self, key: str, entry: Plain) -> Edits:
        """Return the edits that write an entry here."""
        return Edits(keys={self.at: {self.name or key: self.value(key, entry)}})

    def value(self, key: str, entry: Plain) -> Plain:
        """Return what is written here: the entry, or a map of it."""
        return entry if self.name is None else {key: entry}

    def leaf(self, key: str) -> Leaf | None:
        """Return the leaf of the entry; None where it cannot be written here."""
        return leaf_to_add(Vacancy(self.at, self.name or key), structured=True)


def places(value: Value) -> Iterator[EntryPlace]:
    """Yield the places that have a say in a map, the best first.

    What is written comes before what would have to be, and defaults come last.

    Args:
        value: the map, evaluated.
    """
    tokens = value.all_tokens()
    spans = sorted((token for token in tokens if isinstance(token, Span)), key=_rank)
    built = {span: constructor_at(span) for span in spans if _may_be_node(span)}
    written = {span: found for span, found in built.items() if found is not None}
    defaults = [span for span in written if _in_default(span)]
    yield from (EntryPlace(s, map=m) for s, m in written.items() if s not in defaults)
    vacant = (token for token in tokens if isinstance(token, Vacancy) and token.key)
    for place in sorted(vacant, key=lambda vacancy: (_rank(vacancy.at), vacancy.key)):
        yield EntryPlace(place.at, place.key)
    yield from (EntryPlace(span, map=written[span]) for span in defaults)


def _rank(token: Span) -> tuple[bool, str, int]:
    return token.document.role != "variables", token.document.label, token.start


def _may_be_node(token: Span) -> bool:
    """Whether a token may be a constructor: not a text, not a file."""
    whole = token.end - token.start >= len(token.document.data)
    return not whole or token.document.role == "data"


def _in_default(token: Span) -> bool:
    if token.document.role != "configuration":
        return False
    blocks = (b for b in read_body(token.document).blocks if b.kind == "variable")
    return any(b.span.start <= token.start and token.end <= b.span.end for b in blocks)
