"""Walks a file: every literal that is a value, and the objects and blocks that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfopt.hcl.document import Document
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Block, Body, Call, Conditional, Expr, For, Literal, Object, Tuple

Holder = Body | Object

# what these hold is compared with or said, not used
_ASIDE = {"condition", "error_message", "description", "tags", "labels", "tags_all"}
_UNREAD = {"data", "output", "check", "moved", "import", "removed", "terraform"}


@dataclass(frozen=True, slots=True)
class Place:
    """One literal that is a value of the configuration."""

    literal: Literal
    keys: tuple[str, ...]  # what a person would name it by, from the outermost; indexes left out
    holder: Holder  # the block or object that it stands in
    block: Block | None  # the enclosing top-level block; None in a variable file

    @property
    def name(self) -> str:
        """Its own name: that of the list where it stands in one."""
        return self.keys[-1] if self.keys else ""

    @property
    def path(self) -> str:
        """How a message names it."""
        return ".".join(self.keys)

    @property
    def is_default(self) -> bool:
        """Whether it is the whole default of a variable."""
        return self.block is not None and literal_in(self.holder, "default") is self.literal

    @property
    def resource(self) -> str:
        """The kind of the resource that it stands in; empty elsewhere."""
        block = self.block
        return block.labels[0] if block is not None and block.kind == "resource" else ""


def places(document: Document, secret: frozenset[str]) -> Iterator[Place]:
    """Yield the literals of a file, in its order.

    Args:
        document: parses.
        secret: variables whose values may not be shown: they are left out.
    """
    for body, keys, block in _tops(document, secret):
        yield from _in_body(body, keys, block, secret if block is None else frozenset())


def holders(document: Document, secret: frozenset[str]) -> Iterator[Mapping[str, Literal]]:
    """Yield, for each block and object, the literals that stand in it by name.

    The defaults of a file's variables are one such object.
    """
    tops = list(_tops(document, secret))
    for body, _, block in tops:
        yield from _holders(body, secret if block is None else frozenset())
    defaults = {
        block.labels[0]: body.attributes["default"].expr
        for body, _, block in tops
        if block is not None and block.kind == "variable" and "default" in body.attributes
    }
    yield {name: expr for name, expr in defaults.items() if isinstance(expr, Literal)}


def members(holder: Holder) -> Iterator[tuple[str, Expr]]:
    """Yield the named values that stand directly in a block or object."""
    if isinstance(holder, Body):
        yield from ((name, attribute.expr) for name, attribute in holder.attributes.items())
        return
    for item in holder.items:
        yield (
            str(item.key.value if isinstance(item.key, Literal) else item.key.span.text),
            item.value,
        )


def inner(holder: Holder, name: str) -> Holder | None:
    """Return the first block or object of a name inside another; JSON may list it."""
    if isinstance(holder, Body):
        block = next(iter(holder.of_type(name)), None)
        if block is not None:
            return block.body
    found = dict(members(holder)).get(name)
    if isinstance(found, Tuple) and found.items:
        found = found.items[0]
    return found if isinstance(found, Object) else None


def literal_in(holder: Holder | None, name: str) -> Literal | None:
    """Return the literal of a name that stands directly in a block or object."""
    found = dict(members(holder)).get(name) if holder is not None else None
    return found if isinstance(found, Literal) else None


def _tops(
    document: Document, secret: frozenset[str]
) -> Iterator[tuple[Body, tuple[str, ...], Block | None]]:
    body = read_body(document)
    if document.role == "variables":
        yield body, (), None
        return
    for block in body.blocks:
        if block.kind == "variable" and block.labels[0] in secret:
            continue
        if block.kind not in _UNREAD:
            yield _values(block), _prefix(block), block


def _values(block: Block) -> Body:
    """Return what of a block is values: of a variable only its default."""
    if block.kind != "variable":
        return block.body
    return Body({n: a for n, a in block.body.attributes.items() if n == "default"})


def _prefix(block: Block) -> tuple[str, ...]:
    if block.kind in {"resource", "variable"}:
        return block.labels
    return ("local" if block.kind == "locals" else block.kind, *block.labels)


def _in_body(
    body: Body, keys: tuple[str, ...], block: Block | None, secret: frozenset[str]
) -> Iterator[Place]:
    for name, attribute in body.attributes.items():
        if name not in _ASIDE and name not in secret:
            default = block is not None and block.kind == "variable"
            inside = keys if default else (*keys, name)
            yield from _in_expr(attribute.expr, inside, body, block)
    for child in body.blocks:
        if child.kind not in _ASIDE:
            yield from _in_body(child.body, (*keys, child.kind), block, frozenset())


def _in_expr(
    expr: Expr, keys: tuple[str, ...], holder: Holder, block: Block | None
) -> Iterator[Place]:
    """Follow what an expression may come to: conditions and operations are no values of it."""
    if isinstance(expr, Literal):
        yield Place(expr, keys, holder, block)
    elif isinstance(expr, Object):
        for name, value in members(expr):
            if name not in _ASIDE:
                yield from _in_expr(value, (*keys, name), expr, block)
    elif isinstance(expr, Tuple):
        for element in expr.items:
            yield from _in_expr(element, keys, holder, block)
    else:
        for part in _outcomes(expr):
            yield from _in_expr(part, keys, holder, block)


def _outcomes(expr: Expr) -> tuple[Expr, ...]:
    if isinstance(expr, Conditional):
        return expr.yes, expr.no
    if isinstance(expr, Call) and expr.name != "sensitive":
        return expr.args
    return (expr.value,) if isinstance(expr, For) else ()


def _holders(holder: Holder, secret: frozenset[str]) -> Iterator[Mapping[str, Literal]]:
    inside = [(name, value) for name, value in members(holder) if name not in secret | _ASIDE]
    yield {name: value for name, value in inside if isinstance(value, Literal)}
    for _, value in inside:
        yield from _holders_in(value)
    for block in holder.blocks if isinstance(holder, Body) else ():
        if block.kind not in _ASIDE:
            yield from _holders(block.body, frozenset())


def _holders_in(expr: Expr) -> Iterator[Mapping[str, Literal]]:
    if isinstance(expr, Object):
        yield from _holders(expr, frozenset())
    parts = expr.items if isinstance(expr, Tuple) else _outcomes(expr)
    for part in parts:
        yield from _holders_in(part)
