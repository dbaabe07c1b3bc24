"""The typed syntax tree that native and JSON files are both read into.

Bodies hold attributes and blocks; an attribute's expression is built when it is first asked for.
Every node keeps its span, so that a value can be followed back to the bytes it came from. Nodes are
named tuples: a configuration has many, and these are made twice as fast as frozen dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tfopt.hcl.document import Document, Span

Scalar = None | bool | int | float | str
Plain = Scalar | Sequence["Plain"] | Mapping[str, "Plain"]


class Literal(NamedTuple):
    """One literal token. `editable` is False where its bytes cannot be replaced on their own.

    `reason` then says why, where that is worth telling.
    """

    span: Span
    value: Scalar
    editable: bool = True
    reason: str | None = None


class Added(NamedTuple):
    """A value that an edit would add at a place; what is read from files never holds one."""

    span: Span  # the place
    value: Plain


class Template(NamedTuple):
    """A quoted or heredoc template with interpolations; `whole` when it is one interpolation."""

    span: Span
    parts: tuple[Expr, ...]
    whole: bool


class Name(NamedTuple):
    """A bare identifier."""

    span: Span
    name: str


class Attr(NamedTuple):
    """The step `.name`."""

    name: str


class Key(NamedTuple):
    """The step `[expression]`."""

    key: Expr


class Splat(NamedTuple):
    """The step `[*]` or `.*`, with the steps that it applies to each element."""

    steps: tuple[Step, ...]


Step = Attr | Key | Splat


class Traversal(NamedTuple):
    """A root expression followed by steps: `var.web.min`, `local.sizes[var.env]`."""

    span: Span
    root: Expr
    steps: tuple[Step, ...]


class ObjectItem(NamedTuple):
    """One `key = value` of an object constructor."""

    key: Expr
    value: Expr


class Object(NamedTuple):
    """An object constructor."""

    span: Span
    items: tuple[ObjectItem, ...]


class Tuple(NamedTuple):
    """A tuple constructor."""

    span: Span
    items: tuple[Expr, ...]


class Call(NamedTuple):
    """A function call; `spread` when the last argument is expanded with `...`."""

    span: Span
    name: str
    args: tuple[Expr, ...]
    spread: bool = False


class Conditional(NamedTuple):
    """`condition ? yes : no`."""

    span: Span
    condition: Expr
    yes: Expr
    no: Expr


class Operation(NamedTuple):
    """An arithmetic, comparison or logical operation with one or two operands."""

    span: Span
    operator: str
    operands: tuple[Expr, ...]


class For(NamedTuple):
    """A `for` expression; `key` is None in the tuple form."""

    span: Span
    names: tuple[str, ...]  # (value,) or (key, value)
    collection: Expr
    key: Expr | None
    value: Expr
    condition: Expr | None
    grouped: bool


class Other(NamedTuple):
    """Something the tree does not model; `parts` are the expressions inside it."""

    span: Span
    what: str
    parts: tuple[Expr, ...] = ()


Expr = (
    Literal
    | Added
    | Template
    | Name
    | Traversal
    | Object
    | Tuple
    | Call
    | Conditional
    | Operation
    | For
    | Other
)


class Attribute:
    """One `name = expression` of a body; the expression is built when first asked for.

    Args:
        name: as written.
        span: of name and expression.
        build: makes the expression; let go of once it is made, and the parser's nodes with it.
    """

    __slots__ = ("_build", "_expr", "name", "span")

    def __init__(self, name: str, span: Span, build: Callable[[], Expr]):
        self.name = name
        self.span = span
        self._build: Callable[[], Expr] | None = build

    @property
    def expr(self) -> Expr:
        """The expression."""
        if self._build is not None:
            self._expr = self._build()
            self._build = None
        return self._expr


@dataclass(frozen=True, slots=True)
class Body:
    """Attributes by name and blocks in source order."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def of_type(self, kind: str) -> list[Block]:
        """Return the blocks of one type, in source order."""
        return [block for block in self.blocks if block.kind == kind]


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """One block: `resource "aws_instance" "web" { … }`; compared by identity, as its file is."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    span: Span

    @property
    def document(self) -> Document:
        """The file that the block stands in."""
        return self.span.document
