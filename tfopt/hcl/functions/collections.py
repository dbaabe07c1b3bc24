"""Functions that build collections out of their arguments' members, which keep their leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product

from tfopt.hcl.compare import equal
from tfopt.hcl.convert import ConversionError, make_set, to_type
from tfopt.hcl.functions.arguments import (
    Function,
    NotKnownError,
    carried,
    integer,
    known,
    list_of,
    mapping,
    number,
    ordered,
    pure,
    sequence,
    set_of,
    text,
    texts,
    wholly_known,
)
from tfopt.hcl.functions.text import characters
from tfopt.hcl.kinds import Collection, List, Map, Set, UnorderedSet, like, type_of, unify
from tfopt.hcl.values import Token, Value, computed

_LONGEST_RANGE = 1024


def _listed(members: Sequence[Value], like: Sequence[Value]) -> tuple[Value, ...]:
    """Return a list where every container is one, else a tuple, as concat() and others do."""
    if like and all(isinstance(container.data, List) for container in like):
        kind = unify([type_of(container) for container in like])
        if isinstance(kind, Collection):
            return List((to_type(member, kind.element) for member in members), kind.element)
    return tuple(members)


def _concat(args: Sequence[Value], _where: str) -> Value:
    if not args:
        raise ConversionError("no arguments")
    members = [carried(member, arg) for arg in args for member in sequence(arg)]
    return Value(_listed(members, args))


def _flatten(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    ordered(arg)
    return Value(tuple(_flat(arg)))


def _flat(container: Value) -> Iterator[Value]:
    for member in ordered(container):
        if member.unknown is not None:
            raise NotKnownError(member.unknown)  # it may be a list of any length
        inner = carried(member, container)
        if isinstance(member.data, tuple):
            yield from _flat(inner)
        else:
            yield inner


def _merge(args: Sequence[Value], _where: str) -> Value:
    merged: dict[str, Value] = {}
    given = [arg for arg in args if arg.data is not None]
    for arg in given:
        for key, kept in merged.items():  # a member added to a later argument wins
            merged[key] = kept.chosen_over(Value(None, vacant=arg.missing(key)))
        for key, member in mapping(arg).items():
            merged[key] = member.led(arg.hops)
    homes = [arg.home for arg in given if arg.home is not None]
    home = homes[-1] if homes else None
    tokens = frozenset[Token]().union(*(arg.tokens for arg in args))
    kinds = [type_of(arg) for arg in given]
    alike = bool(given) and all(isinstance(a.data, Map) for a in given)
    same_kind = alike and all(kind == kinds[0] for kind in kinds)
    return Value(Map(merged.items()) if same_kind else merged, tokens=tokens, home=home)


def _distinct(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    listed = wholly_known(list_of(arg))
    kept: list[Value] = []
    for member in sequence(listed):
        if not any(equal(member, other) for other in kept):
            kept.append(member)
    return listed.holding(like(sequence(listed), kept), listed.all_tokens())


def _keys(args: Sequence[Value], where: str) -> Value:
    (arg,) = args
    members = mapping(arg)
    names = (Value(key) for key in sorted(members))
    data = List(names, "string") if isinstance(members, Map) else tuple(names)
    return computed(data, "keys()", where, Value(None, tokens=arg.tokens))


def _values(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    members = mapping(arg)
    found = (members[key] for key in sorted(members))
    listed = List(found, members.element) if isinstance(members, Map) else tuple(found)
    return arg.holding(listed)


def _zipmap(args: Sequence[Value], _where: str) -> Value:
    names, container = args
    keys, members = sequence(list_of(names, "string")), sequence(container)
    if len(keys) != len(members):
        raise ConversionError("as many keys as values are needed")
    pairs = zip(keys, members, strict=True)
    found = {text(key): carried(member, container).influenced(key) for key, member in pairs}
    tokens = names.all_tokens()
    return Value(Map(found.items()) if isinstance(members, List) else found, tokens=tokens)


def _chunklist(args: Sequence[Value], _where: str) -> Value:
    container, length = args
    listed, size = list_of(container), integer(length)
    members = [carried(member, listed) for member in sequence(listed)]
    if size < 0:
        raise ConversionError("a negative size")
    step = size or max(len(members), 1)
    chunks = [
        like(sequence(listed), members[at : at + step]) for at in range(0, len(members), step)
    ]
    return Value(List(map(Value, chunks), type_of(listed))).influenced(length)


def _setproduct(args: Sequence[Value], _where: str) -> Value:
    if len(args) < 2:
        raise ConversionError("two sets are needed")
    sets = [_unified(arg) for arg in args]
    columns = [[carried(m, column) for m in ordered(column)] for column in sets]
    rows = tuple(Value(row) for row in product(*columns))
    if all(isinstance(column.data, Set) for column in sets):
        return make_set(Value(rows))
    return Value(List(rows))


def _unified(value: Value) -> Value:
    """Return a set as it is, and a tuple as a list."""
    return value if isinstance(known(value).data, Set) else list_of(value)


def _set_operation(keep: Callable[[Sequence[bool]], bool], among: int | None) -> Function:
    """Return an operation on sets.

    Args:
        keep: tells from the sets that hold a member whether the result does.
        among: how many of the sets give the candidates; all where None.
    """

    def function(args: Sequence[Value], _where: str) -> Value:
        if not args:
            raise ConversionError("no arguments")
        kind = unify([type_of(set_of(arg)) for arg in args])
        if kind is None:
            raise ConversionError("sets of different types")
        sets = [wholly_known(to_type(set_of(arg), kind)) for arg in args]
        members = [ordered(each) for each in sets]
        found = [
            carried(member, container)
            for container, inner in list(zip(sets, members, strict=True))[:among]
            for member in inner
            if keep([any(equal(member, other) for other in each) for each in members])
        ]
        tokens = frozenset().union(*(each.all_tokens() for each in sets))
        return make_set(Value(tuple(found), tokens=tokens))

    return function


def _matchkeys(args: Sequence[Value], _where: str) -> Value:
    values, keys, wanted = (list_of(arg) for arg in args)
    members, names = sequence(values), sequence(wholly_known(keys))
    kind = unify([type_of(keys), type_of(wholly_known(wanted))])
    if len(members) != len(names) or kind is None:
        raise ConversionError("as many keys as values are needed")
    names = sequence(to_type(keys, kind))
    looked_for = sequence(to_type(wanted, kind))
    pairs = zip(members, names, strict=True)
    found = [m for m, name in pairs if any(equal(name, each) for each in looked_for)]
    return values.holding(like(members, found)).influenced(keys, wanted)


def _transpose(args: Sequence[Value], where: str) -> Value:
    (arg,) = args
    found: dict[str, list[str]] = {}
    for key, member in sorted(mapping(wholly_known(arg)).items()):
        for word in texts(member):
            found.setdefault(word, []).append(key)
    data = Map((w, Value(List(map(Value, sorted(keys))))) for w, keys in found.items())
    return computed(data, "transpose()", where, arg)


def _length(args: Sequence[Value], where: str) -> Value:
    (arg,) = args
    data = known(arg).data
    if isinstance(data, UnorderedSet) and len(data) > 1:
        wholly_known(arg)
    if isinstance(data, str):
        return computed(len(characters(data)), "length()", where, arg)
    if not isinstance(data, Mapping | tuple):
        raise ConversionError("nothing with a length")
    return computed(len(data), "length()", where, arg)


def _contains(args: Sequence[Value], where: str) -> Value:
    container, wanted = args
    known(container), known(wanted)
    found = _find(ordered(container), wanted)
    return computed(found is not None, "contains()", where, *args)


def _index(args: Sequence[Value], where: str) -> Value:
    container, wanted = args
    known(wanted)
    found = _find(sequence(container), wanted)
    if found is None:
        raise ConversionError("not in the list")
    return computed(found, "index()", where, *args)


def _find(members: Sequence[Value], wanted: Value) -> int | None:
    for i, member in enumerate(members):
        alike = equal(member, wanted)
        if alike is None:
            wholly_known(member), wholly_known(wanted)
        if alike:
            return i
    return None


def _range(*numbers: Fraction) -> list[Fraction]:
    start, end = (Fraction(0), numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) == 3 else Fraction(-1 if end < start else 1)
    if step == 0 or (end - start) * step < 0:
        raise ConversionError("a range that does not end")
    found: list[Fraction] = []
    while (start < end) if step > 0 else (start > end):
        found.append(start)
        start += step
        if len(found) > _LONGEST_RANGE:
            raise ConversionError("a range that is too long")
    return found


def _all_true(value: Value) -> bool:
    members = ordered(list_of(wholly_known(value), "bool"))
    return all(member.data is True for member in members)


def _any_true(value: Value) -> bool:
    members = ordered(list_of(wholly_known(value), "bool"))
    return any(member.data is True for member in members)


def _sum(value: Value) -> Fraction:
    members = ordered(value)
    if not members:
        raise ConversionError("nothing to add")
    return sum((number(member) for member in members), Fraction(0))


FUNCTIONS: Mapping[str, Function] = {
    "alltrue": pure("alltrue", _all_true, known),
    "anytrue": pure("anytrue", _any_true, known),
    "chunklist": _chunklist,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "flatten": _flatten,
    "index": _index,
    "keys": _keys,
    "length": _length,
    "matchkeys": _matchkeys,
    "merge": _merge,
    "range": pure("range", _range, number, number, number, needs=1),
    "setintersection": _set_operation(all, 1),
    "setproduct": _setproduct,
    "setsubtract": _set_operation(lambda held: not any(held[1:]), 1),
    "setunion": _set_operation(any, None),
    "sum": pure("sum", _sum, known),
    "transpose": _transpose,
    "values": _values,
    "zipmap": _zipmap,
}
