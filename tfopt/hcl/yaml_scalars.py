"""Reads and spells YAML scalars as Terraform's `yamldecode` takes them.

The rules are those of go-cty-yaml, which follows neither YAML 1.1 nor 1.2: `yes` is true, `010` is
ten, `1_000` is a string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from tfopt.hcl.strings import spell_number
from tfopt.hcl.syntax import Scalar

_SPELLED = {"y yes on true": True, "n no off false": False, "null": None}
_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    **{
        spelled: value
        for words, value in _SPELLED.items()
        for word in words.split()
        for spelled in (word, word.title(), word.upper())
    },
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_REFUSED = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]")
_LARGEST = Decimal("1e300")  # beyond, a float is not the number that Terraform reads

# Everything that some reader of YAML 1.1 or 1.2 takes for something else than a string is quoted.
_SURELY_TEXT = re.compile(r"[A-Za-z/][A-Za-z0-9_./+@-]*( [A-Za-z0-9_./+@-]+)*")
_ESCAPED = re.compile("[\x7f-\x9f\xa0\u2028\u2029\ufeff]")
_FITS_SINGLE = re.compile("[\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")
# What PyYAML unescapes but Terraform refuses, and what Terraform alone knows.
_FOREIGN_ESCAPE = re.compile(
    r"\\(?:[^0abtnvfre \"\\N_LPxuU]|u[dD][89a-fA-F]|U(?!00(?:0[0-9a-fA-F]|10))|U0000[dD][89a-fA-F])"
)
_PAIRS = re.compile(r"\\(?:\\|x..|u....|U........|.)", re.DOTALL)


class NotModelledError(ValueError):
    """A scalar that Terraform refuses, or reads as something that is not modelled here."""


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar.

    Raises:
        NotModelledError: infinity, a timestamp, a number that is too large.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _REFUSED.fullmatch(text):
        raise NotModelledError("a number that is not finite")
    if _TIMESTAMP.match(text):
        raise NotModelledError("a timestamp")
    if _RADIX.fullmatch(text):
        value = int(text, 0)
        if value >= 1 << 64:
            raise NotModelledError("a number that is too large")
        return value
    return _number(text) if _DECIMAL.fullmatch(text) or _FLOAT.fullmatch(text) else text


def _number(text: str) -> int | float:
    exact = Decimal(text)
    if exact and not 1 / _LARGEST < abs(exact) < _LARGEST:
        raise NotModelledError("a number that is too large")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def has_foreign_escapes(token: str) -> bool:
    """Whether a double-quoted token holds an escape that Terraform refuses."""
    return any(_FOREIGN_ESCAPE.match(escape[0]) for escape in _PAIRS.finditer(token))


def read_scalar(token: str) -> Scalar:
    """Return the value of a one-line scalar as it is written, quotes included.

    Raises:
        NotModelledError: see `resolve`.
    """
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if not token.startswith('"'):
        return resolve(token)
    import yaml

    found = yaml.compose(token, Loader=yaml.BaseLoader)
    assert isinstance(found, yaml.ScalarNode)
    return str(found.value)


def spell_scalar(value: Scalar, old: str) -> str:
    """Return the scalar that stands for `value`, in the style of the old token where it can be.

    A string that could be taken for something else, or that would need escaping, is quoted.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return spell_number(value)
    if old.startswith("'") and _FITS_SINGLE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    if not old.startswith(('"', "'")) and _is_plain(value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _is_plain(text: str) -> bool:
    if not _SURELY_TEXT.fullmatch(text) or text in _WORDS:
        return False
    return text.lower() not in ("nan", "inf", "infinity")
