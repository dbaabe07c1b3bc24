"""Lists where the entry of a map could be written that decides a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tfopt.hcl.addition import whole_file
from tfopt.hcl.constructors import constructor_at, literal_keys
from tfopt.hcl.document import Span
from tfopt.hcl.evaluate import Edits
from tfopt.hcl.locate import Leaf, leaf_to_add
from tfopt.hcl.scopes import Scope
from tfopt.hcl.sources import Module, Sources, read_body
from tfopt.hcl.syntax import Block, Literal, Object, Plain
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


def places(
    value: Value, scope: Scope, sources: Sources, maps: Iterable[str]
) -> Iterator[EntryPlace]:
    """Yield the places that have a say in a value, the best first.

    What is written comes before what would have to be, and defaults come last.

    Args:
        value: the map, evaluated.
        scope: that it was evaluated in.
        sources: of the configuration.
        maps: the names of maps that an object may lack.
    """
    tokens = value.all_tokens()
    built = {token: constructor_at(token) for token in sorted(tokens, key=_rank) if _node(token)}
    written = {token: found for token, found in built.items() if found is not None}
    defaults = [token for token in written if _in_default(token)]
    yield from (EntryPlace(t, map=m) for t, m in written.items() if t not in defaults)
    for token, constructor in written.items():
        lacking = [name for name in maps if name not in literal_keys(constructor)]
        yield from (EntryPlace(token, name) for name in lacking)
    yield from _arguments(tokens, scope)
    yield from _assignments(tokens, sources)
    yield from (EntryPlace(token, map=written[token]) for token in defaults)


def _rank(token: Span) -> tuple[bool, str, int]:
    return token.document.role != "variables", token.document.label, token.start


def _node(token: Span) -> bool:
    """Whether a token may be a constructor: not a text, not a file."""
    whole = token.end - token.start >= len(token.document.data)
    return not whole or token.document.role == "data"


def _in_default(token: Span) -> bool:
    if token.document.role != "configuration":
        return False
    blocks = (b for b in read_body(token.document).blocks if b.kind == "variable")
    return any(b.span.start <= token.start and token.end <= b.span.end for b in blocks)


def _arguments(tokens: frozenset[Span], scope: Scope) -> Iterator[EntryPlace]:
    """Yield the maps that a module call does not pass, up to the root."""
    while scope.call is not None and scope.caller is not None:
        if scope.call.span in tokens:
            passed = scope.call.body.attributes
            for name in _empty_by_default(scope.module):
                if name not in passed:
                    yield EntryPlace(scope.call.span, name)
        scope = scope.caller.scope


def _assignments(tokens: frozenset[Span], sources: Sources) -> Iterator[EntryPlace]:
    """Yield the maps that the strongest variable file does not assign."""
    file = whole_file(sources.var_files[-1]) if sources.var_files else None
    if file in tokens and file is not None:
        for name in _empty_by_default(sources.root):
            if name not in sources.assignments:
                yield EntryPlace(file, name)


def _empty_by_default(module: Module) -> Iterator[str]:
    for block in module.of_kind("variable"):
        if _is_empty(block):
            yield block.labels[0]


def _is_empty(variable: Block) -> bool:
    default = variable.body.attributes.get("default")
    if default is None:
        return False
    expr = default.expr
    return not expr.items if isinstance(expr, Object) else _is_null(expr)


def _is_null(expr: object) -> bool:
    return isinstance(expr, Literal) and expr.value is None
