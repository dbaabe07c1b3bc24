"""Tells whether two values are equal as Terraform's `==` does: it does not convert."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from tfopt.hcl.kinds import List, Map, Set, UnorderedSet
from tfopt.hcl.scalars import exact
from tfopt.hcl.values import Unknown, Value


def equal(left: Value, right: Value) -> bool | None:
    """Return whether two values are equal, None where that hangs on something unknown."""
    a, b = left.data, right.data
    if isinstance(a, Unknown | UnorderedSet) or isinstance(b, Unknown | UnorderedSet):
        return None
    if a is None or b is None:
        return a is b
    return _EQUAL[_kind(a)](a, b) if _kind(a) == _kind(b) else False


def _equal_members(left: Mapping[str, Value], right: Mapping[str, Value]) -> bool | None:
    if left.keys() != right.keys():
        return False
    return _all([equal(left[key], right[key]) for key in left])


def _equal_elements(left: tuple[Value, ...], right: tuple[Value, ...]) -> bool | None:
    return len(left) == len(right) and _all(
        [equal(*pair) for pair in zip(left, right, strict=True)]
    )


def _equal_numbers(left: float, right: float) -> bool:
    return exact(left) == exact(right)


def _kind(data: object) -> Any:
    return next(kind for kind in _EQUAL if isinstance(data, kind))


def _all(found: list[bool | None]) -> bool | None:
    if False in found:
        return False
    return None if None in found else True


_EQUAL: Mapping[Any, Callable[[Any, Any], bool | None]] = {
    List: _equal_elements,
    Set: _equal_elements,
    tuple: _equal_elements,
    Map: _equal_members,
    Mapping: _equal_members,
    bool: operator.eq,
    int | float: _equal_numbers,
    str: operator.eq,
}
