"""Arithmetic, comparison and logic over values, as Terraform does them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction

from tfopt.hcl.compare import equal
from tfopt.hcl.convert import ConversionError, to_scalar
from tfopt.hcl.kinds import Primitive
from tfopt.hcl.scalars import exact, from_exact, rounded
from tfopt.hcl.values import Value


def operate(sign: str, operands: Sequence[Value]) -> bool | int | float | None:
    """Return what an operator gives, None where that hangs on something unknown.

    Raises:
        ConversionError: Terraform would fail.
    """
    if sign in ("==", "!="):
        alike = equal(*operands)
        return None if alike is None else alike == (sign == "==")
    kind: Primitive = "bool" if sign in _LOGIC else "number"
    data = [_operand(operand, kind) for operand in operands]
    if sign in _LOGIC:
        return _LOGIC[sign](data)
    numbers = [exact(each) for each in data if isinstance(each, int | float)]
    if len(numbers) < len(data):
        return None
    result = -numbers[0] if len(numbers) == 1 else _ARITHMETIC[sign](*numbers)
    return from_exact(result) if isinstance(result, Fraction) else result


def _operand(operand: Value, kind: Primitive) -> object:
    if operand.unknown is not None:
        return None
    if operand.data is None:
        raise ConversionError("null")
    return to_scalar(operand, kind).data


def _and(truths: Sequence[object]) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True


def _or(truths: Sequence[object]) -> bool | None:
    if True in truths:
        return True
    return None if None in truths else False


def _not(truths: Sequence[object]) -> bool | None:
    return None if truths[0] is None else not truths[0]


def _divide(left: Fraction, right: Fraction) -> Fraction | None:
    return left / right if right else None  # infinite, which nothing is sized by


def _remainder(left: Fraction, right: Fraction) -> Fraction:
    return left - rounded(right * int(rounded(left / right))) if right else left


_LOGIC: dict[str, Callable[[Sequence[object]], bool | None]] = {"&&": _and, "||": _or, "!": _not}

_ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction | bool | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
