"""Reads the arguments of functions, and makes results that no literal is.

A reader raises `NotKnownError` where the answer hangs on something unknown, and `ConversionError`
where Terraform itself would refuse the argument.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from tfopt.hcl.convert import ConversionError, in_order, to_scalar, to_type
from tfopt.hcl.kinds import Collection, List, Set, Type, UnorderedSet
from tfopt.hcl.scalars import exact, from_exact
from tfopt.hcl.values import Data, Unknown, Value, computed, first_unknown

Function = Callable[[Sequence[Value], str], Value]
"""From evaluated arguments, and where the call stands, to a value."""

Reader = Callable[[Value], Any]


class NotKnownError(Exception):
    """The result hangs on something that is not known here."""

    def __init__(self, unknown: Unknown):
        super().__init__(unknown.reason)
        self.unknown = unknown


def known(value: Value) -> Value:
    """Return a value that is known, and not null."""
    if value.unknown is not None:
        raise NotKnownError(value.unknown)
    if value.data is None:
        raise ConversionError("null")
    return value


def wholly_known(value: Value) -> Value:
    """Return a value in which everything is known; it may be null."""
    found = first_unknown([value])
    if found is not None:
        raise NotKnownError(found)
    return value


def text(value: Value) -> str:
    """Return an argument as a string."""
    return str(to_scalar(known(value), "string").data)


def truth(value: Value) -> bool:
    """Return an argument as a bool."""
    return to_scalar(known(value), "bool").data is True


def number(value: Value) -> Fraction:
    """Return an argument as a number."""
    data = to_scalar(known(value), "number").data
    assert isinstance(data, int | float)
    return exact(data)


def integer(value: Value) -> int:
    """Return an argument as a whole number."""
    found = number(value)
    if found.denominator != 1:
        raise ConversionError("not a whole number")
    return int(found)


def mapping(value: Value) -> Mapping[str, Value]:
    """Return the members of an object or map."""
    data = known(value).data
    if not isinstance(data, Mapping):
        raise ConversionError("not an object or map")
    return data


def sequence(value: Value) -> tuple[Value, ...]:
    """Return the elements of a list or tuple."""
    data = known(value).data
    if not isinstance(data, tuple) or isinstance(data, Set):
        raise ConversionError("not a list")
    return data


def ordered(value: Value) -> tuple[Value, ...]:
    """Return the elements of a list, tuple or set, in order."""
    return sequence(in_order(known(value)))


def converted(value: Value, kind: Type) -> Value:
    """Return a known argument converted to the type of its parameter."""
    return known(to_type(known(value), kind))


def list_of(value: Value, element: Type = "any") -> Value:
    """Return an argument of a parameter `list(element)`, as a list."""
    return converted(value, Collection("list", element))


def set_of(value: Value, element: Type = "any") -> Value:
    """Return an argument of a parameter `set(element)`, as a set whose order is known."""
    found = converted(value, Collection("set", element))
    return wholly_known(found) if isinstance(found.data, UnorderedSet) else found


def texts(value: Value) -> list[str]:
    """Return an argument of a parameter `list(string)`."""
    return [text(member) for member in ordered(list_of(value, "string"))]


def carried(member: Value, container: Value) -> Value:
    """Return a member as it is handed on out of its container."""
    moved = member.led(container.hops)
    return moved.influenced(Value(None, tokens=container.tokens))


def pure(name: str, function: Callable[..., object], *readers: Reader, needs: int = -1) -> Function:
    """Return a function that computes a value from plain arguments.

    Args:
        name: its name, for reasons.
        function: computes the result from what the readers return.
        readers: one for each parameter.
        needs: how many arguments must be there; all unless said.
    """
    least = len(readers) if needs < 0 else needs

    def call(args: Sequence[Value], where: str) -> Value:
        if not least <= len(args) <= len(readers):
            raise ConversionError("the wrong number of arguments")
        pairs = zip(readers, args, strict=False)
        result = function(*(read(arg) for read, arg in pairs))
        return computed(made(result), f"{name}()", where, *args)

    return call


def made(result: object) -> Data:
    """Return a plain result as data: numbers rounded as Terraform rounds, lists as lists."""
    if isinstance(result, List):
        return result
    if isinstance(result, Fraction):
        return from_exact(result)
    if isinstance(result, Mapping):
        return {str(key): Value(made(member)) for key, member in result.items()}
    if isinstance(result, tuple):
        return tuple(Value(made(member)) for member in result)
    if isinstance(result, list):
        return List(Value(made(member)) for member in result)
    assert result is None or isinstance(result, bool | int | float | str)
    return unicodedata.normalize("NFC", result) if isinstance(result, str) else result
