"""The typed syntax tree that native and JSON files are both read into.

Bodies hold attributes and blocks; an attribute's expression is built when it is first asked for.
Every node keeps its span, so that a value can be followed back to the bytes it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tfopt.hcl.document import Document, Span

Scalar = None | bool | int | float | str
Plain = Scalar | Sequence["Plain"] | Mapping[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Literal:
    """One literal token. `editable` is False where its bytes cannot be replaced on their own."""

    span: Span
    value: Scalar
    editable: bool = True


@dataclass(frozen=True, slots=True)
class Added:
    """A value that an edit would add at a place; what is read from files never holds one."""

    span: Span  # the place
    value: Plain


@dataclass(frozen=True, slots=True)
class Template:
    """A quoted or heredoc template with interpolations; `whole` when it is one interpolation."""

    span: Span
    parts: tuple[Expr, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A bare identifier."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Attr:
    """The step `.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Key:
    """The step `[expression]`."""

    key: Expr


@dataclass(frozen=True, slots=True)
class Splat:
    """The step `[*]` or `.*`, with the steps that it applies to each element."""

    steps: tuple[Step, ...]


Step = Attr | Key | Splat


@dataclass(frozen=True, slots=True)
class Traversal:
    """A root expression followed by steps: `var.web.min`, `local.sizes[var.env]`."""

    span: Span
    root: Expr
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ObjectItem:
    """One `key = value` of an object constructor."""

    key: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Object:
    """An object constructor."""

    span: Span
    items: tuple[ObjectItem, ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple constructor."""

    span: Span
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `spread` when the last argument is expanded with `...`."""

    span: Span
    name: str
    args: tuple[Expr, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? yes : no`."""

    span: Span
    condition: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True)
class Operation:
    """An arithmetic, comparison or logical operation with one or two operands."""

    span: Span
    operator: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class For:
    """A `for` expression; `key` is None in the tuple form."""

    span: Span
    names: tuple[str, ...]  # (value,) or (key, value)
    collection: Expr
    key: Expr | None
    value: Expr
    condition: Expr | None
    grouped: bool


@dataclass(frozen=True, slots=True)
class Other:
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


@dataclass(frozen=True)
class Attribute:
    """One `name = expression` of a body."""

    name: str
    span: Span
    build: Callable[[], Expr] = field(repr=False)

    @cached_property
    def expr(self) -> Expr:
        """The expression, built on first use."""
        return self.build()


@dataclass(frozen=True, slots=True)
class Body:
    """Attributes by name and blocks in source order."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def of_type(self, kind: str) -> list[Block]:
        """Return the blocks of one type, in source order."""
        return [block for block in self.blocks if block.kind == kind]


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `resource "aws_instance" "web" { … }`."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    span: Span

    @property
    def document(self) -> Document:
        """The file that the block stands in."""
        return self.span.document
