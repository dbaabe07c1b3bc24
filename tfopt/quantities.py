"""Kubernetes' way of writing amounts: `250m`, `0.5`, `512Mi`, `1e3`.

Grammar and suffixes are those of the API's `Quantity` (kubernetes/apimachinery, api/resource).
"""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][+-]?\d+)?")
_DECIMAL: Final = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0,
    "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
}  # fmt: skip
_BINARY: Final = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)}
GIB: Final = 1024.0**3


def quantity(value: object) -> float | None:
    """Return an amount in its base unit (cores, bytes); None where it is not one, or below zero."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _FORM.fullmatch(str(value).strip())
    if found is None:
        return None
    number, suffix = float(found[1]), found[2] or ""
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix not in _BINARY:
        amount = float(found[1] + suffix)
    else:
        amount = number * {**_DECIMAL, **_BINARY}[suffix]
    return amount if 0 <= amount < 1e24 else None
