"""Converts values to types as Terraform does, keeping their provenance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal as Choice

from tfopt.hcl.kinds import (
    Collection,
    List,
    Map,
    ObjectType,
    Primitive,
    Set,
    TupleType,
    Type,
    UnorderedSet,
    type_of,
    unify,
)
from tfopt.hcl.scalars import exact, to_number, to_text, to_truth
from tfopt.hcl.syntax import Call, Expr, Literal, Name, Object, Tuple
from tfopt.hcl.values import Value, first_unknown, unknown

Evaluate = Callable[[Expr], Value]


class ConversionError(ValueError):
    """Terraform itself refuses to convert the value."""


def convert(value: Value, constraint: Expr, evaluate: Evaluate) -> Value:
    """Return the value converted to a type constraint; Unknown where it does not convert.

    Args:
        value: what was assigned.
        constraint: `number`, `list(string)`, `object({ min = optional(number, 1) })`, ….
        evaluate: evaluates the defaults inside `optional()`.
    """
    if isinstance(constraint, Literal):  # in the style of 0.11 it is quoted: "string"
        constraint = Name(constraint.span, str(constraint.value))
    try:
        return to_type(value, read_type(constraint), evaluate)
    except ConversionError as error:
        where = constraint.span.where
        return unknown(f"a value that its type does not take: {error}", where, value, fails=True)


def read_type(constraint: Expr) -> Type:
    """Return the type that a constraint names; what is not understood converts nothing."""
    if isinstance(constraint, Literal):  # in 0.11 style it is quoted
        constraint = Name(constraint.span, str(constraint.value))
    if isinstance(constraint, Name):
        return _PRIMITIVES.get(constraint.name) or _WHOLE.get(constraint.name, "any")
    if not isinstance(constraint, Call) or not constraint.args:
        return "any"
    inner = constraint.args[0]
    if constraint.name in _KINDS:
        return Collection(_KINDS[constraint.name], read_type(inner))
    if constraint.name == "tuple" and isinstance(inner, Tuple):
        return TupleType(tuple(read_type(item) for item in inner.items))
    if constraint.name == "object" and isinstance(inner, Object):
        return _object_type(inner)
    return "any"


def _object_type(shape: Object) -> ObjectType:
    attributes: dict[str, Type] = {}
    optional: dict[str, Expr | None] = {}
    for item in shape.items:
        name = str(item.key.value) if isinstance(item.key, Literal) else ""
        kind = item.value
        if isinstance(kind, Call) and kind.name == "optional" and kind.args:
            optional[name] = kind.args[1] if len(kind.args) > 1 else None
            kind = kind.args[0]
        attributes[name] = read_type(kind)
    return ObjectType(attributes, optional)


def to_type(value: Value, kind: Type, evaluate: Evaluate | None = None) -> Value:
    """Return the value converted to a type.

    Raises:
        ConversionError: Terraform would fail.
    """
    if value.unknown is not None or value.data is None or kind == "any":
        return value
    if isinstance(kind, str):
        return to_scalar(value, kind)
    if isinstance(kind, Collection):
        return _to_collection(value, kind, evaluate)
    if isinstance(kind, TupleType):
        return _to_tuple(value, kind, evaluate)
    return _to_object(value, kind, evaluate)


def to_unified(value: Value, kind: Type | None) -> Value:
    """Return one of several values in the type that all unify to.

    Raises:
        ConversionError: they do not.
    """
    if kind is None:
        raise ConversionError("values of different types")
    return to_type(value, kind)


def to_scalar(value: Value, kind: Primitive) -> Value:
    """Return a scalar converted to "string", "number" or "bool".

    Raises:
        ConversionError: Terraform would fail.
    """
    if value.unknown is not None or value.data is None:
        return value
    data = _SCALARS[kind](value.data)
    if data is None:
        raise ConversionError(f"not a {kind}")
    return value if data is value.data else value.holding(data)


def _to_collection(value: Value, kind: Collection, evaluate: Evaluate | None) -> Value:
    data, element = value.data, kind.element
    if kind.kind == "map":
        if not isinstance(data, Mapping):
            raise ConversionError("not a map")
        made, element = _alike(list(data.values()), element, evaluate)
        return value.holding(Map(zip(data, made, strict=True), element))
    if not isinstance(data, tuple):
        raise ConversionError(f"not a {kind.kind}")
    if isinstance(data, Set) and kind.kind == "list":
        value = in_order(value)
        if value.unknown is not None:
            return value
    holds_any = element == "any"
    members, element = _alike(data, element, evaluate)
    if holds_any and _mixes_null(members):
        return unknown("null among structures", "", value)  # Terraform takes it if it has a type
    if kind.kind == "list":
        return value.holding(List(members, element))
    return make_set(value.holding(tuple(members)), element)


def _alike(
    members: Iterable[Value], element: Type, evaluate: Evaluate | None
) -> tuple[list[Value], Type]:
    """Convert members to one type, to the one they unify to where any will do."""
    made = [to_type(member, element, evaluate) for member in members]
    if not _holds_any(element):
        return made, element
    unified = unify([type_of(member) for member in made])
    if unified is None:
        raise ConversionError("elements of different types")
    return [to_type(member, unified) for member in made], unified


def _mixes_null(members: Iterable[Value]) -> bool:
    data = [member.data for member in members]
    return None in data and any(isinstance(each, Mapping | tuple) for each in data)


def _holds_any(kind: Type) -> bool:
    if isinstance(kind, Collection):
        return _holds_any(kind.element)
    if isinstance(kind, TupleType):
        return any(map(_holds_any, kind.elements))
    if isinstance(kind, ObjectType):
        return any(map(_holds_any, kind.attributes.values()))
    return kind == "any"


def _to_tuple(value: Value, kind: TupleType, evaluate: Evaluate | None) -> Value:
    data = value.data
    if not isinstance(data, tuple) or isinstance(data, Set) or len(data) != len(kind.elements):
        raise ConversionError("not such a tuple")
    pairs = zip(data, kind.elements, strict=True)
    return value.holding(tuple(to_type(member, each, evaluate) for member, each in pairs))


def _to_object(value: Value, kind: ObjectType, evaluate: Evaluate | None) -> Value:
    if not isinstance(value.data, Mapping):
        raise ConversionError("not an object")
    members: dict[str, Value] = {}
    for name, inner in kind.attributes.items():
        member = value.data.get(name)
        if name in kind.optional and (member is None or member.data is None):
            member = _optional(value, name, member, evaluate and kind.optional[name], evaluate)
        if member is None:
            raise ConversionError(f"no attribute {name!r}")
        members[name] = to_type(member, inner, evaluate)
    return value.holding(members)


def _optional(
    value: Value,
    name: str,
    null: Value | None,
    default: Expr | None,
    evaluate: Evaluate | None,
) -> Value:
    """Return what stands for an optional attribute that is absent or null."""
    vacant = value.missing(name)
    absent = null or Value(None, tokens=frozenset(vacant), vacant=vacant)
    if default is None or evaluate is None:
        return absent
    # nothing is added inside a type: what is missing there is missing in the value
    return evaluate(default).homeless().chosen_over(absent)


def make_set(value: Value, element: Type = "any") -> Value:
    """Return converted members as a set; the first of several equal ones stays."""
    assert isinstance(value.data, tuple)
    if first_unknown([value]) is not None:
        return value.holding(UnorderedSet(value.data, element))
    kept: dict[bytes, Value] = {}
    tokens = value.tokens
    for member in value.data:
        key = _hash_bytes(member, repr)
        if key in kept:
            tokens |= member.all_tokens()
        kept.setdefault(key, member)
    ordered = Set(sorted(kept.values(), key=_rank), element)
    return value.holding(ordered, tokens)


def in_order(value: Value) -> Value:
    """Return a set as a list: every member has a say in where the others stand."""
    if isinstance(value.data, UnorderedSet) and len(value.data) > 1:
        reason = "the order of a set with members that are not known"
        return unknown(reason, first_unknown([value]).where, value)  # type: ignore[union-attr]
    if not isinstance(value.data, Set):
        return value
    listed = List(value.data, value.data.element)
    return value.holding(listed, value.all_tokens())


def _rank(member: Value) -> tuple[bool, Fraction, bytes]:
    """Order nulls last, numbers by size, strings by bytes, and the rest by the hash's bytes."""
    data = member.data
    if isinstance(data, str):
        return False, Fraction(0), data.encode()
    if isinstance(data, int | float):
        return False, exact(data), b""
    return data is None, Fraction(0), _hash_bytes(member)


def _hash_bytes(value: Value, spell: Callable[[float], str] = "{:.10g}".format) -> bytes:
    """Return the bytes by which Terraform orders members that are not scalars."""
    data = value.data
    if data is None:
        return b"~"
    if isinstance(data, bool):
        return b"T" if data else b"F"
    if isinstance(data, int | float):
        return spell(data).encode()
    if isinstance(data, str):
        return json.dumps(data, ensure_ascii=False).encode()
    if isinstance(data, Mapping):
        named = isinstance(data, Map)
        names = (_hash_bytes(Value(key)) + b":" if named else b"" for key in sorted(data))
        members = (_hash_bytes(data[key], spell) + b";" for key in sorted(data))
        inner = b"".join(name + member for name, member in zip(names, members, strict=True))
        return b"{" + inner + b"}" if named else b"<" + inner + b">"
    assert isinstance(data, tuple)
    inner = b"".join(_hash_bytes(member, spell) + b";" for member in data)
    return b"[" + inner + b"]" if isinstance(data, List | Set) else b"<" + inner + b">"


_PRIMITIVES: Mapping[str, Primitive] = {
    "string": "string",
    "number": "number",
    "bool": "bool",
    "any": "any",
}
_WHOLE: Mapping[str, Type] = {  # the spellings of old without an element type
    "list": Collection("list", "any"),
    "set": Collection("set", "any"),
    "map": Collection("map", "any"),
}
_KINDS: Mapping[str, Choice["list", "set", "map"]] = {"list": "list", "set": "set", "map": "map"}
_SCALARS: Mapping[str, Callable[[object], bool | int | float | str | None]] = {
    "string": to_text,
    "number": to_number,
    "bool": to_truth,
}
