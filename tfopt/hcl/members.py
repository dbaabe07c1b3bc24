"""Collects the member names that a block reads out of objects, back through locals and calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfopt.hcl.convert import read_type
from tfopt.hcl.document import Span
from tfopt.hcl.kinds import Collection, ObjectType, TupleType, Type
from tfopt.hcl.scopes import Scope
from tfopt.hcl.syntax import (
    Attr,
    Attribute,
    Body,
    Call,
    Expr,
    Key,
    Literal,
    Name,
    Traversal,
)

_ROOTS = {"var", "local", "module", "data", "path", "terraform", "each", "count", "self"}


@dataclass
class Members:
    """What is known of the members of the objects behind a block.

    Attributes:
        names: in the order in which they are read, or declared in an object type.
        types: the type that an object type gives a name, where one does.
        required: the names that an object type insists on.
    """

    names: dict[str, None] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


def members_read(scope: Scope, body: Body) -> Members:
    """Return the members that a block's expressions read, and all that feeds these."""
    collector = _Collector()
    collector.take_body(scope, body)
    return collector.found


def walk(node: Any) -> Iterator[Any]:
    """Yield a node of the tree and all inside it: nodes are named tuples of nodes."""
    if not isinstance(node, tuple) or isinstance(node, Span):
        return
    if hasattr(node, "_fields"):
        yield node
    for part in node:
        yield from walk(part)


@dataclass
class _Collector:
    found: Members = field(default_factory=Members)
    seen: set[tuple[Scope, str, str]] = field(default_factory=set)

    def take_body(self, scope: Scope, body: Body) -> None:
        for attribute in body.attributes.values():
            self.take(scope, attribute.expr)
        for block in body.blocks:
            self.take_body(scope, block.body)

    def take(self, scope: Scope, expr: Expr) -> None:
        for node in walk(expr):
            if isinstance(node, Traversal):
                self._traversal(scope, node)
            elif isinstance(node, Call):
                self._call(node)

    def _traversal(self, scope: Scope, node: Traversal) -> None:
        steps = [_step_name(step) for step in node.steps]
        if isinstance(node.root, Name) and node.root.name in _ROOTS:
            if steps and steps[0] is not None:
                self._follow(scope, node.root.name, steps[0])
            steps = steps[1:]
        self.found.names |= dict.fromkeys(step for step in steps if step is not None)

    def _follow(self, scope: Scope, root: str, name: str) -> None:
        if root not in ("var", "local") or (scope, root, name) in self.seen:
            return
        self.seen.add((scope, root, name))
        if root == "local":
            attribute = scope.module.locals.get(name)
            if attribute is not None:
                self.take(scope, attribute.expr)
            return
        block = scope.module.block("variable", name)
        constraint = block.body.attributes.get("type") if block is not None else None
        if constraint is not None:
            self._type(read_type(constraint.expr))
        argument = _argument(scope, name)
        if argument is not None and scope.caller is not None:
            self.take(scope.caller.scope, argument.expr)

    def _call(self, node: Call) -> None:
        args = node.args
        if node.name == "lookup" and len(args) > 1 and isinstance(args[1], Literal):
            self.found.names[str(args[1].value)] = None

    def _type(self, kind: Type) -> None:
        if isinstance(kind, Collection):
            self._type(kind.element)
        elif isinstance(kind, TupleType):
            for element in kind.elements:
                self._type(element)
        elif isinstance(kind, ObjectType):
            self._object(kind.attributes, kind.optional)

    def _object(self, attributes: Mapping[str, Type], optional: Mapping[str, Expr | None]) -> None:
        for name, kind in attributes.items():
            self.found.names[name] = None
            self.found.types.setdefault(name, kind)
            if name not in optional:
                self.found.required.add(name)
            self._type(kind)


def _argument(scope: Scope, name: str) -> Attribute | None:
    return None if scope.call is None else scope.call.body.attributes.get(name)


def _step_name(step: object) -> str | None:
    if isinstance(step, Attr):
        return step.name
    if isinstance(step, Key) and isinstance(step.key, Literal):
        return str(step.key.value)
    return None
