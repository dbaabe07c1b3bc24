"""`format` and `formatlist`, with every verb."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tfopt.hcl.convert import ConversionError, to_scalar
from tfopt.hcl.functions.arguments import (
    Function,
    NotKnownError,
    integer,
    number,
    ordered,
    text,
    truth,
    wholly_known,
)
from tfopt.hcl.functions.encoding import to_json
from tfopt.hcl.functions.text import characters
from tfopt.hcl.kinds import List
from tfopt.hcl.scalars import spell_decimal
from tfopt.hcl.values import Unknown, Value, computed

_VERB = re.compile(
    r"%(?P<flags>[ +#0-]*)(?P<width>\d+)?(?:\.(?P<precision>\d*))?(?:\[(?P<index>\d+)\])?"
    r"(?P<mode>.)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Verb:
    """One `%…` of a format string."""

    mode: str
    flags: str
    width: int
    precision: int | None
    index: int | None

    def padded(self, word: str) -> str:
        """Return a word in the verb's width."""
        missing = self.width - len(characters(word))
        if missing <= 0:
            return word
        if "-" in self.flags:
            return word + " " * missing
        if "0" not in self.flags:
            return " " * missing + word
        sign = word[:1] if word[:1] in "+- " and self.mode not in "sqv" else ""
        return sign + "0" * missing + word[len(sign) :]

    def signed(self, word: str) -> str:
        """Return a number with the sign that the flags ask for."""
        if word.startswith("-"):
            return word
        return ("+" if "+" in self.flags else " " if " " in self.flags else "") + word


def _format(args: Sequence[Value], where: str) -> Value:
    template, *values = args
    return computed(formatted(text(template), values), "format()", where, *args)


def _formatlist(args: Sequence[Value], where: str) -> Value:
    template, *values = args
    values = [_argument(each) for each in values]
    lists = [ordered(each) if isinstance(each.data, tuple) else None for each in values]
    lengths = {len(each) for each in lists if each is not None}
    if len(lengths) > 1:
        raise ConversionError("lists of different lengths")
    rows = range(lengths.pop() if lengths else 1)
    made = [
        formatted(
            text(template),
            [value if each is None else each[i] for value, each in zip(values, lists, strict=True)],
        )
        for i in rows
    ]
    return computed(List(Value(word) for word in made), "formatlist()", where, *args)


def formatted(template: str, values: Sequence[Value]) -> str:
    """Return a format string with its verbs replaced by values.

    Raises:
        ConversionError: Terraform would fail.
    """
    found: list[str] = []
    at, next_index, highest = 0, 0, 0
    for match in _VERB.finditer(template):
        found.append(template[at : match.start()])
        at = match.end()
        if match.group() == "%%":
            found.append("%")
            continue
        verb = _read(match)
        index = next_index if verb.index is None else verb.index - 1
        if verb.mode not in _MODES or not 0 <= index < len(values):
            raise ConversionError(f"no verb or no argument for {match.group()!r}")
        found.append(_MODES[verb.mode](verb, _argument(values[index])))
        next_index = index + 1
        highest = max(highest, next_index)
    if highest < len(values):
        raise ConversionError("more arguments than verbs")
    return "".join(found) + template[at:]


def _read(match: re.Match[str]) -> _Verb:
    precision = match["precision"]
    return _Verb(
        mode=match["mode"] or "",
        flags=match["flags"],
        width=int(match["width"] or 0),
        precision=None if precision is None else int(precision or 0),
        index=None if match["index"] is None else int(match["index"]),
    )


def _argument(value: Value) -> Value:
    if wholly_known(value).data is None:  # Terraform itself does not tell either
        raise NotKnownError(Unknown("format() of null", ""))
    return value


def _default(verb: _Verb, value: Value) -> str:
    data = value.data
    if "#" in verb.flags or isinstance(data, bool | Mapping | tuple):
        return verb.padded(to_json(value))
    if isinstance(data, int | float):
        return _general(verb, value)
    return _string(verb, value)


def _truth(_verb: _Verb, value: Value) -> str:
    return "true" if truth(value) else "false"


def _integer(verb: _Verb, value: Value) -> str:
    spelled, prefix = _BASES[verb.mode]
    whole = integer(value)
    shown = (prefix if "#" in verb.flags else "") + spelled(abs(whole))
    return verb.padded(verb.signed(("-" if whole < 0 else "") + shown))


def _decimal(verb: _Verb, value: Value) -> str:
    """Spell with a fixed or a scientific form; Go rounds the exact number to even, as Python."""
    precision = 6 if verb.precision is None else verb.precision
    return verb.padded(verb.signed(f"{float(number(value)):.{precision}{verb.mode}}"))


def _general(verb: _Verb, value: Value) -> str:
    """Spell as Go's %g: the shortest digits, scientific from a million on."""
    if verb.precision is not None:
        raise NotKnownError(Unknown("not traced yet: %g with a precision", ""))
    digits, exponent = _shortest(number(value))
    spelled = _plain if -4 <= exponent < 6 else _scientific
    shown = ("-" if number(value) < 0 else "") + spelled(digits, exponent)
    shown = shown.upper() if verb.mode == "G" else shown
    return verb.padded(shown if verb.mode == "v" else verb.signed(shown))


def _shortest(value: Fraction) -> tuple[str, int]:
    """Return the digits of a number and the exponent of the first."""
    whole, _, part = spell_decimal(abs(value)).partition(".")
    digits = (whole + part).lstrip("0")
    return digits.rstrip("0") or "0", len(digits) - len(part) - 1 if digits else 0


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    whole, part = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{whole}.{part}" if part else whole


def _scientific(digits: str, exponent: int) -> str:
    point = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{point}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _string(verb: _Verb, value: Value) -> str:
    word = str(to_scalar(value, "string").data)
    if verb.precision:
        word = characters(word)[: verb.precision]
    return verb.padded(word)


def _quoted(verb: _Verb, value: Value) -> str:
    return verb.padded(json.dumps(text(value), ensure_ascii=False))


_BASES: Mapping[str, tuple[Callable[[int], str], str]] = {
    "b": ("{:b}".format, "0b"),
    "d": ("{:d}".format, ""),
    "o": ("{:o}".format, "0"),
    "x": ("{:x}".format, "0x"),
    "X": ("{:X}".format, "0X"),
}
_MODES: Mapping[str, Callable[[_Verb, Value], str]] = {
    "v": _default,
    "t": _truth,
    "b": _integer,
    "d": _integer,
    "o": _integer,
    "x": _integer,
    "X": _integer,
    "e": _decimal,
    "E": _decimal,
    "f": _decimal,
    "F": _decimal,
    "g": _general,
    "G": _general,
    "s": _string,
    "q": _quoted,
}

FUNCTIONS: Mapping[str, Function] = {"format": _format, "formatlist": _formatlist}
