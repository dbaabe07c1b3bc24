"""The types of values: collections that know what they are, and what several types unify to.

A plain tuple or mapping is a tuple or object of Terraform's; `List`, `Set` and `Map` are its
collections, whose members are of one type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from tfopt.hcl.syntax import Expr
from tfopt.hcl.values import Value


class _Sequence(tuple[Value, ...]):
    """Elements of one type: `element` is told apart for want of elements to tell it from."""

    element: Type

    def __new__(cls, members: Iterable[Value] = (), element: Type = "any") -> Self:
        """Return a collection of elements that were converted to their type."""
        made = super().__new__(cls, members)
        made.element = element
        return made


class List(_Sequence):
    """A list."""


class Set(_Sequence):
    """A set, in the order in which Terraform iterates it."""


class UnorderedSet(Set):
    """A set whose order and size are not known, since something in it is not."""


class Map(dict[str, Value]):
    """A map."""

    def __init__(self, members: Iterable[tuple[str, Value]] = (), element: Type = "any"):
        super().__init__(members)
        self.element = element


class Partial(dict[str, Value]):
    """The written attributes of a resource: the provider knows the others."""

    def __init__(self, members: Iterable[tuple[str, Value]], what: str):
        super().__init__(members)
        self.what = what


Primitive = Literal["string", "number", "bool", "any"]  # "any": null, or not known here


@dataclass(frozen=True, slots=True)
class Collection:
    """`list(T)`, `set(T)` or `map(T)`."""

    kind: Literal["list", "set", "map"]
    element: Type


@dataclass(frozen=True, slots=True)
class TupleType:
    """`tuple([…])`."""

    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class ObjectType:
    """`object({…})`; `optional` holds the optional attributes with their defaults."""

    attributes: Mapping[str, Type]
    optional: Mapping[str, Expr | None] = field(default_factory=dict, compare=False)


Type = Primitive | Collection | TupleType | ObjectType

_SCALARS: Mapping[type, Primitive] = {bool: "bool", int: "number", str: "string"}


def like(container: tuple[Value, ...], members: Iterable[Value]) -> tuple[Value, ...]:
    """Return some of a list's or tuple's members as a list or tuple again."""
    return List(members, container.element) if isinstance(container, List) else tuple(members)


def type_of(value: Value) -> Type:
    """Return the type of a value; "any" where it is null or not known."""
    data = value.data
    if isinstance(data, Map):
        return Collection("map", element_type(data))
    if isinstance(data, Mapping):
        return ObjectType({key: type_of(member) for key, member in data.items()})
    if isinstance(data, List | Set):
        return Collection("list" if isinstance(data, List) else "set", element_type(data))
    if isinstance(data, tuple):
        return TupleType(tuple(type_of(member) for member in data))
    return _SCALARS.get(type(data), "number" if isinstance(data, float) else "any")


def element_type(collection: List | Set | Map) -> Type:
    """Return the type of a collection's elements."""
    if collection.element != "any":
        return collection.element
    members = collection.values() if isinstance(collection, Map) else collection
    return unify([type_of(member) for member in members]) or "any"


def unify(types: Sequence[Type]) -> Type | None:
    """Return the one type that Terraform converts values of several types to, or None."""
    known = [kind for kind in types if kind != "any"]
    if not known:
        return "any"
    if all(kind == known[0] for kind in known):
        return known[0]
    if all(isinstance(kind, str) for kind in known):
        return "string" if "string" in known else None
    if all(isinstance(kind, Collection) and kind.kind != "map" for kind in known):
        return _unify_collections(known)
    for kind, structural, combined in _FAMILIES:
        if all(_belongs(each, kind, structural) for each in known):
            return combined(known)
    return None


def _unify_collections(types: Sequence[Type]) -> Type | None:
    """Lists and sets become lists; where their elements differ too, none is converted."""
    kinds = {kind.kind for kind in types if isinstance(kind, Collection)}
    if len(kinds) == 1:
        return _collected(kinds.pop(), types)
    mixed = _collected("list", types)
    plain = isinstance(mixed, Collection) and isinstance(mixed.element, str)
    return mixed if plain or mixed is None else "any"


def _belongs(kind: Type, name: str, structural: type[TupleType] | type[ObjectType]) -> bool:
    return isinstance(kind, structural) or (isinstance(kind, Collection) and kind.kind == name)


def _unify_objects(types: Sequence[Type]) -> Type | None:
    objects = [kind for kind in types if isinstance(kind, ObjectType)]
    names = objects[0].attributes.keys() if objects else set[str]()
    if len(objects) == len(types) and all(each.attributes.keys() == names for each in objects):
        found = {name: unify([each.attributes[name] for each in objects]) for name in names}
        unified = {name: kind for name, kind in found.items() if kind is not None}
        if len(unified) == len(found):
            return ObjectType(unified)
    return _collected("map", types)


def _unify_lists(types: Sequence[Type]) -> Type | None:
    tuples = [kind for kind in types if isinstance(kind, TupleType)]
    if len(tuples) == len(types) and len({len(each.elements) for each in tuples}) == 1:
        found = [unify(column) for column in zip(*(t.elements for t in tuples), strict=True)]
        unified = [kind for kind in found if kind is not None]
        if len(unified) == len(found):
            return TupleType(tuple(unified))
    return _collected("list", types)


def _unify_sets(types: Sequence[Type]) -> Type | None:
    """A tuple beside a set becomes that set, if its elements can be of the set's type."""
    found = next(kind for kind in types if isinstance(kind, Collection))
    elements = [each for kind in types if isinstance(kind, TupleType) for each in kind.elements]
    fits = all(unify([found.element, each]) is not None for each in elements)
    return found if fits else None


def _collected(name: Literal["list", "set", "map"], types: Sequence[Type]) -> Type | None:
    inner: list[Type] = []
    for kind in types:
        if isinstance(kind, Collection):
            inner.append(kind.element)
        elif isinstance(kind, TupleType):
            inner.extend(kind.elements)
        elif isinstance(kind, ObjectType):
            inner.extend(kind.attributes.values())
    element = unify(inner)
    return None if element is None else Collection(name, element)


_FAMILIES = (
    ("map", ObjectType, _unify_objects),
    ("list", TupleType, _unify_lists),
    ("set", TupleType, _unify_sets),
)
