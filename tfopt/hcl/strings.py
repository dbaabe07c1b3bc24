"""Spells scalars as HCL and JSON literals, and reads quoted HCL literals back."""

from __future__ import annotations

import json
import re
import unicodedata

from tfopt.hcl.scalars import to_number, to_text
from tfopt.hcl.syntax import Scalar

_ESCAPE = re.compile(r'\\(n|r|t|"|\\|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|\$\$(?=\{)|%%(?=\{)')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def unquote(token: str) -> str:
    """Return the string that a quoted HCL literal without interpolation stands for."""
    text = token[1:-1]
    escapes = "\\" in text or "{" in text
    return normalized(_ESCAPE.sub(_unescape, text) if escapes else text)


def unescape_template(text: str) -> str:
    """Return template text in which backslashes mean themselves: in a heredoc, or out of JSON."""
    return normalized(re.sub(r"([$%])\1(?=\{)", r"\1", text) if "{" in text else text)


def normalized(text: str) -> str:
    """Return a string as Terraform holds it: in Unicode's composed form."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _unescape(match: re.Match[str]) -> str:
    escape = match.group(1)
    if escape is None:
        return match.group(0)[0]
    return _PLAIN[escape] if escape in _PLAIN else chr(int(escape[1:], 16))


def quote(text: str) -> str:
    """Return a quoted HCL literal for a string; what looks like a template is escaped."""
    escaped = "".join(_SPELLED.get(char, char) for char in text)
    return '"' + re.sub(r"([$%])(?=\{)", r"\1\1", escaped) + '"'


def number(token: str) -> int | float:
    """Return the number that a numeric literal stands for, an int where it is whole."""
    value = to_number(token)
    if value is None:
        raise ValueError(f"not a number: {token}")
    return value


def spell_number(value: float) -> str:
    """Return the plain decimal spelling of a number: 60, 0.6."""
    if float(value).is_integer():
        return str(int(value))
    return repr(value)


def spell(value: Scalar, *, json_syntax: bool) -> str:
    """Return the literal that stands for `value` in HCL or in JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return spell_number(value)
    return json.dumps(value, ensure_ascii=False) if json_syntax else quote(value)


def read_literal(token: str, *, json_syntax: bool) -> Scalar:
    """Return the value that a literal token stands for."""
    if token.startswith('"'):
        return normalized(json.loads(token)) if json_syntax else unquote(token)
    words: dict[str, Scalar] = {"null": None, "true": True, "false": False}
    return words[token] if token in words else number("".join(token.split()))


def to_steps(path: str) -> list[str | int]:
    """Return the steps of a dotted path: `scaling_config[0].size` → scaling_config, 0, size."""
    found = re.findall(r'\[(\d+)\]|\["([^"]*)"\]|([^.\[\]]+)', path)
    return [int(index) if index else key or word for index, key, word in found]


def as_written(old: Scalar, new: Scalar) -> Scalar:
    """Return a new value in the type in which the old literal was written: "5" stays a string."""
    if isinstance(old, str):
        text = to_text(new)
        return new if text is None else text
    if isinstance(old, int | float) and not isinstance(old, bool):
        number = to_number(new)
        return new if number is None else number
    return new
