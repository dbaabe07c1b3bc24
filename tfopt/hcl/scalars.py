"""Converts scalars between types as Terraform does, and computes with its 512-bit numbers."""

from __future__ import annotations

import re
from fractions import Fraction

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_BITS = 512
_DIGITS = 160  # more decimal digits than 512 bits ever need


class Quotient(float):
    """A number that no short decimal spells, such as 1/3; arithmetic goes on with `exact`."""

    __slots__ = ("exact",)
    exact: Fraction

    def __new__(cls, exact: Fraction) -> Quotient:
        """Return the nearest float, which remembers the number itself."""
        made = super().__new__(cls, exact)
        made.exact = exact
        return made


def to_number(value: object) -> int | float | None:
    """Return the number that Terraform converts a scalar to, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    return from_exact(Fraction(value))


def to_text(value: object) -> str | None:
    """Return the string that Terraform converts a scalar to, or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return spell_decimal(exact(value))
    return value if isinstance(value, str) else None


def to_truth(value: object) -> bool | None:
    """Return the bool that Terraform converts a scalar to, or None."""
    if isinstance(value, bool):
        return value
    return _TRUTHS.get(value) if isinstance(value, str) else None


def exact(value: float) -> Fraction:
    """Return the number itself: a float stands for the decimal that it is spelled with."""
    if isinstance(value, Quotient):
        return value.exact
    return Fraction(value) if isinstance(value, int) else rounded(Fraction(repr(value)))


def from_exact(number: Fraction) -> int | float:
    """Return a computed number, rounded as Terraform rounds: an int where it is whole."""
    number = rounded(number)
    if number.denominator == 1:
        return int(number)
    nearest = float(number)
    return nearest if exact(nearest) == number else Quotient(number)


def spell_decimal(number: Fraction) -> str:
    """Return the shortest decimal, without exponent, that Terraform reads as this number."""
    if number.denominator == 1:
        return str(number.numerator)
    size, sign = abs(number), "-" if number < 0 else ""
    for digits in range(1, _DIGITS):
        scaled = round(size * 10**digits)
        if rounded(Fraction(scaled, 10**digits)) == size:
            whole, part = divmod(scaled, 10**digits)
            return f"{sign}{whole}.{part:0{digits}d}"
    raise ValueError("a number too small to spell")


def rounded(number: Fraction) -> Fraction:
    """Round to 512 significant bits, to the nearest, ties to even."""
    if number.denominator == 1 or number == 0:
        return number
    excess = number.numerator.bit_length() - number.denominator.bit_length() - _BITS
    unit = Fraction(2) ** excess
    if abs(number / unit) >= 2**_BITS:
        unit *= 2
    elif abs(number / unit) < 2 ** (_BITS - 1):
        unit /= 2
    return round(number / unit) * unit
