"""Functions that compute text, which is no literal of anybody's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from tfopt.hcl.convert import ConversionError
from tfopt.hcl.functions.arguments import (
    Function,
    NotKnownError,
    integer,
    made,
    pure,
    text,
    texts,
)
from tfopt.hcl.kinds import List, Type
from tfopt.hcl.values import Unknown, Value, computed

_UNSUPPORTED = re.compile(r"\[:|\\[pPQEzCX]|\(\?[a-zA-Z]*[UR]")
"""What Go's regular expressions have and Python's have not, or mean otherwise."""
_REFUSED = re.compile(r"\(\?(?:[=!(#>]|<[=!])|\\[1-9]|[*+?}]\+|\(\?P=")
"""What Python's regular expressions have and Go's refuse."""
_POSIX = re.compile(r"\[:(\w+):\]")
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\t\n\v\f\r ",
    "xdigit": "0-9a-fA-F",
}
_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


def characters(word: str) -> str:
    """Return a string whose code points are characters as a reader counts them.

    Raises:
        NotKnownError: several code points make one character.
    """
    if "\r\n" in word or (not word.isascii() and any(map(_combines, word))):
        raise NotKnownError(Unknown("characters of several code points", ""))
    return word


def _combines(char: str) -> bool:
    joined = 0x1100 <= ord(char) <= 0x11FF or 0x1F1E6 <= ord(char) <= 0x1F3FF
    return joined or unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")


def _upper(word: str) -> str:
    return "".join(up if len(up := char.upper()) == 1 else char for char in word)


def _lower(word: str) -> str:
    return "".join(char.lower()[0] for char in word)


def _title(word: str) -> str:
    found, before = "", " "
    for char in word:
        separated = not (before.isalnum() or before == "_") and (
            before.isascii() or before.isspace()
        )
        found += _upper(char) if separated else char
        before = char
    return found


def _substr(word: str, offset: int, length: int) -> str:
    word = characters(word)
    if offset < 0:
        offset = max(0, offset + len(word))
    return word[offset:] if length < 0 else word[offset : offset + length]


def _chomp(word: str) -> str:
    return word.rstrip("\r\n")


def _indent(width: int, word: str) -> str:
    return word.replace("\n", "\n" + " " * width)


def _split(separator: str, word: str) -> list[str]:
    return word.split(separator) if separator else list(characters(word))


def _reversed(word: str) -> str:
    return characters(word)[::-1]


def _join(args: Sequence[Value], where: str) -> Value:
    separator, *lists = args
    if not lists:
        raise ConversionError("no list")
    words = [word for each in lists for word in texts(each)]
    return computed(text(separator).join(words), "join()", where, *args)


def _replace(word: str, old: str, new: str) -> str:
    if len(old) < 2 or not (old.startswith("/") and old.endswith("/")):
        return word.replace(old, new)
    found, at = "", 0
    for match in _matches(old[1:-1], word):
        found += word[at : match.start()] + _expanded(new, match)
        at = match.end()
    return found + word[at:]


def _expanded(template: str, match: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference.group(1) or reference.group(2)
        if name is None:
            return "$"
        if name.isdigit():
            count = match.re.groups
            return (match.group(int(name)) or "") if int(name) <= count else ""
        return (match.group(name) or "") if name in match.re.groupindex else ""

    return _REFERENCE.sub(group, template)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a Go regular expression as one of Python's."""
    pattern = _POSIX.sub(lambda match: _CLASSES.get(match[1], match[0]), pattern)
    if _UNSUPPORTED.search(pattern):
        raise NotKnownError(Unknown("not traced yet: a regular expression of this kind", ""))
    if _REFUSED.search(pattern):
        raise ConversionError("a regular expression of this kind")
    at_end = re.sub(r"(\\.)|\$(?![^\[]*\])", lambda m: m.group(1) or r"\Z", pattern)
    multiline = re.search(r"\(\?[a-z]*m", pattern) is not None
    try:
        return re.compile(pattern if multiline else at_end, re.ASCII)
    except re.error:
        raise ConversionError("not a regular expression") from None


def _regex(pattern: str, word: str) -> object:
    match = _compiled(pattern).search(word)
    if match is None:
        raise ConversionError("no match")
    return _captured(match)


def _regexall(pattern: str, word: str) -> List:
    element: Type = "any" if _compiled(pattern).groups else "string"
    return List((Value(made(_captured(match))) for match in _matches(pattern, word)), element)


def _matches(pattern: str, word: str) -> Iterator[re.Match[str]]:
    """Yield the matches; unlike Python, Go takes no empty one right behind another."""
    end = -1
    for match in _compiled(pattern).finditer(word):
        if match.end() > match.start() or match.start() != end:
            yield match
        end = match.end()


def _captured(match: re.Match[str]) -> object:
    names = match.re.groupindex
    if names and len(names) < match.re.groups:
        raise ConversionError("named and unnamed groups")
    return match.groupdict() if names else (match.groups() or match.group())


FUNCTIONS: Mapping[str, Function] = {
    "chomp": pure("chomp", _chomp, text),
    "endswith": pure("endswith", str.endswith, text, text),
    "indent": pure("indent", _indent, integer, text),
    "join": _join,
    "lower": pure("lower", _lower, text),
    "regex": pure("regex", _regex, text, text),
    "regexall": pure("regexall", _regexall, text, text),
    "replace": pure("replace", _replace, text, text, text),
    "split": pure("split", _split, text, text),
    "startswith": pure("startswith", str.startswith, text, text),
    "strcontains": pure("strcontains", str.__contains__, text, text),
    "strrev": pure("strrev", _reversed, text),
    "substr": pure("substr", _substr, text, integer, integer),
    "title": pure("title", _title, text),
    "trim": pure("trim", str.strip, text, text),
    "trimprefix": pure("trimprefix", str.removeprefix, text, text),
    "trimspace": pure("trimspace", lambda word: word.strip(), text),
    "trimsuffix": pure("trimsuffix", str.removesuffix, text, text),
    "upper": pure("upper", _upper, text),
}
