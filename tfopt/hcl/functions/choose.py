"""Functions that hand on one of their arguments or of its members: try, lookup, element, max, …."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from tfopt.hcl.convert import ConversionError, in_order, to_scalar, to_type
from tfopt.hcl.functions.arguments import (
    Function,
    NotKnownError,
    carried,
    integer,
    known,
    list_of,
    made,
    mapping,
    number,
    ordered,
    sequence,
    text,
)
from tfopt.hcl.kinds import Map, element_type, like, type_of, unify
from tfopt.hcl.values import Value, computed, unknown


def _try(args: Sequence[Value], where: str) -> Value:
    for i, arg in enumerate(args):
        if arg.unknown is None or not arg.unknown.fails:
            return arg.chosen_over(*args[:i])
    return unknown("no argument of try() succeeds", where, *args, fails=True)


def _can(args: Sequence[Value], where: str) -> Value:
    (arg,) = args
    failed = arg.unknown
    if failed is not None and not failed.fails:
        return arg
    return computed(failed is None, "can()", where, arg)


def _coalesce(args: Sequence[Value], _where: str) -> Value:
    kind = unify([type_of(arg) for arg in args])
    if kind is None:
        raise ConversionError("arguments of different types")
    for i, arg in enumerate(args):
        if arg.unknown is not None:
            raise NotKnownError(arg.unknown)
        if arg.data is not None and arg.data != "":
            return to_type(arg, kind).chosen_over(*args[:i])
    raise ConversionError("no argument has a value")


def _coalescelist(args: Sequence[Value], _where: str) -> Value:
    for i, arg in enumerate(args):
        if sequence(arg):
            return arg.influenced(*args[:i])
    raise ConversionError("no argument has elements")


def _lookup(args: Sequence[Value], _where: str) -> Value:
    container, name, *default = args
    members, key = mapping(container), text(name)
    if len(default) > 1:
        raise ConversionError("more than one default")
    if isinstance(members, Map):  # a default has to be of the map's element type
        kind = element_type(members)
        default = [to_type(each, kind) for each in default]
    if key in members:
        return carried(members[key], container).influenced(name)
    if not default:
        raise ConversionError(f"no member {key!r}")
    # which keys there are decides, not what stands under them
    absent = Value(None, tokens=container.tokens, vacant=container.missing(key))
    return default[0].influenced(name).chosen_over(absent)


def _element(args: Sequence[Value], _where: str) -> Value:
    container, index = args
    members, at = sequence(container), integer(index)
    if not members or (at < 0 and at % len(members)):
        raise ConversionError("no such element")
    return carried(members[at % len(members)], container).influenced(index)


def _one(args: Sequence[Value], _where: str) -> Value:
    (container,) = args
    members = ordered(container)
    if len(members) > 1:
        raise ConversionError("several elements")
    return carried(members[0], container) if members else Value(None, tokens=container.all_tokens())


def _extreme(choose: Callable[[Sequence[Fraction]], Fraction]) -> Function:
    def function(args: Sequence[Value], _where: str) -> Value:
        if not args:
            raise ConversionError("no arguments")
        numbers = [number(arg) for arg in args]
        chosen = args[numbers.index(choose(numbers))]
        return to_scalar(chosen, "number").influenced(*args)

    return function


def _rounding(name: str, change: Callable[[Fraction], Fraction | int]) -> Function:
    """A number that needs no rounding is handed on."""

    def function(args: Sequence[Value], where: str) -> Value:
        (arg,) = args
        before = number(arg)
        after = change(before)
        if after == before:
            return to_scalar(arg, "number")
        return computed(made(Fraction(after)), f"{name}()", where, arg)

    return function


def _sensitive(args: Sequence[Value], where: str) -> Value:
    return unknown("sensitive", where, *args)


def _nonsensitive(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    return arg


def _sorted(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    listed = list_of(arg, "string")
    members = sorted(sequence(listed), key=lambda member: text(member).encode())
    return listed.holding(like(sequence(listed), members), listed.all_tokens())


def _compact(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    listed = list_of(arg, "string")
    kept = [m for m in sequence(listed) if m.data is not None and text(m) != ""]
    return listed.holding(like(sequence(listed), kept), listed.all_tokens())


def _reverse(args: Sequence[Value], _where: str) -> Value:
    (arg,) = args
    listed = known(in_order(known(arg)))
    members = sequence(listed)
    return listed.holding(like(members, reversed(members)), listed.tokens)


def _slice(args: Sequence[Value], _where: str) -> Value:
    container, first, last = args
    members, start, end = sequence(container), integer(first), integer(last)
    if not 0 <= start <= end <= len(members):
        raise ConversionError("no such range")
    part = container.holding(like(members, members[start:end]))
    return part.influenced(first, last)


FUNCTIONS: Mapping[str, Function] = {
    "abs": _rounding("abs", abs),
    "can": _can,
    "ceil": _rounding("ceil", lambda value: -(-value.numerator // value.denominator)),
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "element": _element,
    "floor": _rounding("floor", lambda value: value.numerator // value.denominator),
    "lookup": _lookup,
    "max": _extreme(max),
    "min": _extreme(min),
    "nonsensitive": _nonsensitive,
    "one": _one,
    "reverse": _reverse,
    "sensitive": _sensitive,
    "slice": _slice,
    "sort": _sorted,
    "try": _try,
}
