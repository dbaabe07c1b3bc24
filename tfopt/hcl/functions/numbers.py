"""Functions that compute numbers: pow, log, signum, parseint."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from fractions import Fraction

from tfopt.hcl.convert import ConversionError
from tfopt.hcl.functions.arguments import Function, NotKnownError, integer, known, number, pure
from tfopt.hcl.values import Unknown, Value

_DIGITS = string.digits + string.ascii_letters


def _pow(base: Fraction, exponent: Fraction) -> Fraction:
    return _finite(lambda: math.pow(base, exponent))


def _log(value: Fraction, base: Fraction) -> Fraction:
    return _finite(lambda: math.log(value) / math.log(base))


def _finite(compute: object) -> Fraction:
    """Return what Terraform computes with floats as well; infinities are nothing to size by."""
    try:
        return Fraction(repr(compute()))  # type: ignore[operator]
    except (OverflowError, ValueError, ZeroDivisionError):
        raise NotKnownError(Unknown("a number that is not finite", "")) from None


def _signum(value: int) -> int:
    return (value > 0) - (value < 0)


def _parseint(word: str, base: int) -> int:
    """Read digits, letters for what is above 9; up to base 36 in either case."""
    digits = word.lstrip("+-") if len(word) - len(word.lstrip("+-")) <= 1 else ""
    found = [_DIGITS.find(digit.lower() if base <= 36 else digit) for digit in digits]
    if not 2 <= base <= 62 or not found or not 0 <= min(found) <= max(found) < base:
        raise ConversionError("not a number in this base")
    total = 0
    for digit in found:
        total = total * base + digit
    return -total if word.startswith("-") else total


def _string(value: Value) -> str:
    """parseint() does not convert its argument."""
    data = known(value).data
    if not isinstance(data, str):
        raise ConversionError("not a string")
    return data


FUNCTIONS: Mapping[str, Function] = {
    "log": pure("log", _log, number, number),
    "parseint": pure("parseint", _parseint, _string, integer),
    "pow": pure("pow", _pow, number, number),
    "signum": pure("signum", _signum, integer),
}
