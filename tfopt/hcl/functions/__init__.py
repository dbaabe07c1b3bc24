"""Terraform's functions over values with provenance; one table, name → function.

A function that hands on one of its arguments (`lookup`, `try`, `coalesce`) keeps that argument's
leaf. One that makes a new value (`length`, `format`) gives a value without a leaf.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tfopt.hcl.convert import ConversionError
from tfopt.hcl.functions import (
    choose,
    collections,
    encoding,
    formatting,
    numbers,
    text,
    types,
)
from tfopt.hcl.functions.arguments import Function, NotKnownError
from tfopt.hcl.values import Unknown, Value, unknown

FUNCTIONS: Mapping[str, Function] = {
    **choose.FUNCTIONS,
    **collections.FUNCTIONS,
    **encoding.FUNCTIONS,
    **formatting.FUNCTIONS,
    **numbers.FUNCTIONS,
    **text.FUNCTIONS,
    **types.FUNCTIONS,
}

GUARDS = {"try", "can"}
"""The functions that turn a failure inside their arguments into a value."""

_TAKES_UNKNOWN = {*GUARDS, "coalesce", "coalescelist", "lookup"}


def call(name: str, args: Sequence[Value], where: str) -> Value:
    """Return what a function gives for evaluated arguments; Unknown for one not known here."""
    name = name.removeprefix("core::")
    function = FUNCTIONS.get(name)
    if function is None:
        return unknown(f"not traced yet: function {name}()", where, *args)
    lost = None if name in GUARDS else first_failure(args)
    if lost is None and name not in _TAKES_UNKNOWN:
        lost = next((arg.unknown for arg in args if arg.unknown is not None), None)
    if lost is not None:
        return unknown("", where, *args).holding(lost)
    try:
        return function(args, where)
    except NotKnownError as error:
        found = error.unknown if error.unknown.where else replace(error.unknown, where=where)
        return unknown("", where, *args).holding(found)
    except (ConversionError, ValueError):
        return unknown(f"{name}() with arguments it does not take", where, *args, fails=True)


def first_failure(values: Sequence[Value]) -> Unknown | None:
    """Return the first of the values at which Terraform itself would fail."""
    found = (value.unknown for value in values)
    return next((each for each in found if each is not None and each.fails), None)
