"""Terraform's functions over values with provenance; one table, name → function.

A function that hands on one of its arguments (`lookup`, `try`, `coalesce`) keeps that argument's
leaf. One that makes a new value (`length`, `format`) gives a value without a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tfopt.hcl.convert import as_set, to_scalar
from tfopt.hcl.document import Span
from tfopt.hcl.scalars import to_number, to_text
from tfopt.hcl.values import Value, computed, plain, same, unknown

Function = Callable[[Sequence[Value], str], Value]


def call(name: str, args: Sequence[Value], where: str) -> Value:
    """Return what a function gives for evaluated arguments; Unknown for one not known here."""
    function = FUNCTIONS.get(name.removeprefix("core::"))
    if function is None:
        return unknown(f"not traced yet: function {name}()", where, *args)
    if name not in _HANDLES_UNKNOWN:
        for arg in args:
            if arg.unknown is not None:
                return replace(unknown("", where, *args), data=arg.unknown)
    try:
        return function(args, where)
    except (IndexError, KeyError, TypeError, ValueError):
        return unknown(f"{name}() with arguments it does not take", where, *args, fails=True)


def _try(args: Sequence[Value], where: str) -> Value:
    for i, arg in enumerate(args):
        if arg.unknown is None or not arg.unknown.fails:
            return arg.chosen_over(*args[:i])
    return unknown("no argument of try() succeeds", where, *args, fails=True)


def _can(args: Sequence[Value], where: str) -> Value:
    failed = args[0].unknown
    if failed is not None and not failed.fails:
        return args[0]
    return computed(failed is None, "can()", where, *args)


def _coalesce(args: Sequence[Value], where: str) -> Value:
    for i, arg in enumerate(args):
        if arg.data is not None and arg.data != "":
            return arg.chosen_over(*args[:i])
    return unknown("no argument of coalesce() has a value", where, *args, fails=True)


def _coalescelist(args: Sequence[Value], where: str) -> Value:
    for i, arg in enumerate(args):
        if arg.unknown is not None or arg.data:
            return arg.influenced(*args[:i])
    return unknown("no argument of coalescelist() has elements", where, *args, fails=True)


def _lookup(args: Sequence[Value], where: str) -> Value:
    members, key = _mapping(args[0]), str(to_text(args[1].data))
    if key in members:
        chosen = members[key]
        return replace(chosen, hops=chosen.hops + args[0].hops).influenced(
            args[1], Value(None, tokens=args[0].tokens)
        )
    if len(args) > 2:
        lost = Value(None, tokens=args[0].tokens, vacant=args[0].missing(key))
        return args[2].chosen_over(lost, args[1])
    return unknown(f"lookup() of the missing key {key!r}", where, *args, fails=True)


def _element(args: Sequence[Value], _where: str) -> Value:
    members = _sequence(args[0])
    index = to_number(args[1].data)
    if index is None:
        raise ValueError("element() with an index that is not a number")
    chosen = members[int(index) % len(members)] if members else members[int(index)]
    return replace(chosen, hops=chosen.hops + args[0].hops).influenced(args[1])


def _merge(args: Sequence[Value], _where: str) -> Value:
    merged: dict[str, Value] = {}
    for arg in args:
        if arg.data is None:
            continue
        for key, kept in merged.items():  # a member added to a later argument wins
            merged[key] = replace(kept, vacant=(*arg.missing(key), *kept.vacant))
        for key, member in _mapping(arg).items():
            merged[key] = replace(member, hops=member.hops + arg.hops)
    homes = [arg.home for arg in args if arg.home is not None]
    tokens = frozenset[Span]().union(*(arg.tokens for arg in args))
    return Value(merged, tokens=tokens, home=homes[-1] if homes else None)


def _extreme(choose: Callable[[Sequence[float]], float]) -> Function:
    def function(args: Sequence[Value], _where: str) -> Value:
        numbers = [_number(arg) for arg in args]
        chosen = args[numbers.index(choose(numbers))]
        return to_scalar(chosen, "number").influenced(*args)

    return function


def _concat(args: Sequence[Value], _where: str) -> Value:
    return Value(tuple(_carried(member, arg) for arg in args for member in _sequence(arg)))


def _flatten(args: Sequence[Value], where: str) -> Value:
    found: list[Value] = []
    for member in _sequence(args[0]):
        if isinstance(member.data, tuple):
            found.extend(_sequence(_flatten([member], where)))
        else:
            found.append(member)
    return Value(tuple(_carried(member, args[0]) for member in found))


def _distinct(args: Sequence[Value], _where: str) -> Value:
    kept: list[Value] = []
    for member in _sequence(args[0]):
        if not any(same(plain(member), plain(other)) for other in kept):
            kept.append(member)
    return replace(args[0], data=tuple(kept))


def _keys(args: Sequence[Value], where: str) -> Value:
    return computed(tuple(Value(key) for key in sorted(_mapping(args[0]))), "keys()", where)


def _values(args: Sequence[Value], _where: str) -> Value:
    members = _mapping(args[0])
    return replace(args[0], data=tuple(members[key] for key in sorted(members)))


def _zipmap(args: Sequence[Value], _where: str) -> Value:
    keys, members = _sequence(args[0]), _sequence(args[1])
    pairs = zip(keys, members, strict=True)
    return Value({str(to_text(k.data)): _carried(m, args[1]).influenced(k) for k, m in pairs})


def _length(args: Sequence[Value], where: str) -> Value:
    data = args[0].data
    if not isinstance(data, Mapping | tuple | str):
        raise TypeError("length() of something without one")
    return computed(len(data), "length()", where, *args)


def _contains(args: Sequence[Value], where: str) -> Value:
    wanted = plain(args[1])
    found = any(same(plain(member), wanted) for member in _sequence(args[0]))
    return computed(found, "contains()", where, *args)


def _one(args: Sequence[Value], _where: str) -> Value:
    members = _sequence(args[0])
    if len(members) > 1:
        raise ValueError("one() of several")
    return _carried(members[0], args[0]) if members else Value(None, tokens=args[0].all_tokens())


def _slice(args: Sequence[Value], _where: str) -> Value:
    start, end = int(_number(args[1])), int(_number(args[2]))
    members = _sequence(args[0])[start:end]
    return replace(args[0], data=members).influenced(args[1], args[2])


def _same_as(args: Sequence[Value], _where: str) -> Value:
    return args[0]


def _scalar(kind: str) -> Function:
    def function(args: Sequence[Value], _where: str) -> Value:
        converted = to_scalar(args[0], kind)
        wanted = {"number": (int, float), "string": (str,), "bool": (bool,)}[kind]
        if converted.data is not None and not isinstance(converted.data, wanted):
            raise ValueError(f"not a {kind}")
        return converted

    return function


def _text(name: str, change: Callable[[str], str]) -> Function:
    def function(args: Sequence[Value], where: str) -> Value:
        text = to_text(args[0].data)
        if text is None:
            raise TypeError(f"{name}() of something that is not text")
        return computed(change(text), f"{name}()", where, *args)

    return function


def _join(args: Sequence[Value], where: str) -> Value:
    words = [str(to_text(member.data)) for arg in args[1:] for member in _sequence(arg)]
    return computed(str(to_text(args[0].data)).join(words), "join()", where, *args)


def _split(args: Sequence[Value], where: str) -> Value:
    words = str(to_text(args[1].data)).split(str(to_text(args[0].data)))
    return computed(tuple(Value(word) for word in words), "split()", where, *args)


def _mapping(value: Value) -> Mapping[str, Value]:
    if not isinstance(value.data, Mapping):
        raise TypeError("not an object or map")
    return value.data


def _sequence(value: Value) -> tuple[Value, ...]:
    if not isinstance(value.data, tuple):
        raise TypeError("not a list")
    return value.data


def _number(value: Value) -> float:
    found = to_number(value.data)
    if found is None:
        raise TypeError("not a number")
    return found


def _carried(member: Value, container: Value) -> Value:
    moved = replace(member, hops=member.hops + container.hops)
    return moved.influenced(Value(None, tokens=container.tokens))


_HANDLES_UNKNOWN = {"try", "can"}

FUNCTIONS: Mapping[str, Function] = {
    "can": _can,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "flatten": _flatten,
    "join": _join,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "lower": _text("lower", str.lower),
    "max": _extreme(max),
    "merge": _merge,
    "min": _extreme(min),
    "nonsensitive": _same_as,
    "one": _one,
    "slice": _slice,
    "split": _split,
    "tobool": _scalar("bool"),
    "tolist": _same_as,
    "tomap": _same_as,
    "tonumber": _scalar("number"),
    "toset": lambda args, _: as_set(args[0]),
    "tostring": _scalar("string"),
    "trimspace": _text("trimspace", str.strip),
    "try": _try,
    "upper": _text("upper", str.upper),
    "values": _values,
    "zipmap": _zipmap,
}
