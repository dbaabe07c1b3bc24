"""Converts values to a variable's type constraint, as Terraform does, keeping their provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tfopt.hcl.scalars import to_number, to_text
from tfopt.hcl.syntax import Call, Expr, Literal, Name, Object
from tfopt.hcl.values import Data, Value

Evaluate = Callable[[Expr], Value]


def convert(value: Value, constraint: Expr, evaluate: Evaluate) -> Value:
    """Return the value converted to a type constraint; what cannot be converted stays as it is.

    Args:
        value: what was assigned.
        constraint: `number`, `list(string)`, `object({ min = optional(number, 1) })`, ….
        evaluate: evaluates the defaults inside `optional()`.
    """
    if value.unknown is not None or value.data is None:
        return value
    if isinstance(constraint, Name):
        return to_scalar(value, constraint.name)
    if isinstance(constraint, Call) and constraint.args:
        converter = _CONSTRUCTORS.get(constraint.name)
        return converter(value, constraint.args[0], evaluate) if converter else value
    return value


def to_scalar(value: Value, kind: str) -> Value:
    """Return a scalar converted to "string", "number" or "bool" where Terraform can."""
    if value.unknown is not None or isinstance(value.data, Mapping | tuple):
        return value
    data: Data = value.data
    if kind == "number":
        data = to_number(value.data)
    elif kind == "string":
        data = to_text(value.data)
    elif kind == "bool" and value.data in ("true", "false"):
        data = value.data == "true"
    return value if data is None else replace(value, data=data)


def _list(value: Value, element: Expr, evaluate: Evaluate) -> Value:
    if not isinstance(value.data, tuple):
        return value
    members = tuple(convert(member, element, evaluate) for member in value.data)
    return replace(value, data=members)


def _set(value: Value, element: Expr, evaluate: Evaluate) -> Value:
    return as_set(_list(value, element, evaluate))


def as_set(value: Value) -> Value:
    """Return a list without repeated scalars, in the order in which Terraform iterates a set."""
    if not isinstance(value.data, tuple):
        return value
    scalars = {to_text(m.data): m for m in reversed(value.data) if to_text(m.data) is not None}
    if len(scalars) < len({to_text(m.data) for m in value.data}):
        return value  # a set of objects: its order is not ours to know
    ordered = [scalars[key] for key in sorted(key for key in scalars if key is not None)]
    return replace(value, data=tuple(ordered))


def _map(value: Value, element: Expr, evaluate: Evaluate) -> Value:
    if not isinstance(value.data, Mapping):
        return value
    members = {key: convert(member, element, evaluate) for key, member in value.data.items()}
    return replace(value, data=members)


def _object(value: Value, shape: Expr, evaluate: Evaluate) -> Value:
    if not isinstance(value.data, Mapping) or not isinstance(shape, Object):
        return value
    members: dict[str, Value] = {}
    for item in shape.items:
        name = str(item.key.value) if isinstance(item.key, Literal) else ""
        member = _member(value.data.get(name), item.value, evaluate)
        if member is not None and name not in value.data:
            absent = Value(None, tokens=value.tokens, vacant=value.missing(name))
            member = member.chosen_over(absent)
        if member is not None:
            members[name] = member
    return replace(value, data=members)


def _member(value: Value | None, constraint: Expr, evaluate: Evaluate) -> Value | None:
    if not (isinstance(constraint, Call) and constraint.name == "optional"):
        return None if value is None else convert(value, constraint, evaluate)
    inner = constraint.args[0]
    if value is None or value.data is None:
        if len(constraint.args) < 2:
            return value or Value(None)
        value = evaluate(constraint.args[1])
    return convert(value, inner, evaluate)


_CONSTRUCTORS: dict[str, Callable[[Value, Expr, Evaluate], Value]] = {
    "list": _list,
    "set": _set,
    "map": _map,
    "object": _object,
}
