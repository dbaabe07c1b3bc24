"""Finds the plan in what users really hand over: encodings, wrapper lines, wrapping keys, junk.

What can be read is read, and a warning says what was odd; the rest is refused by `refuse`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw

from tfopt.plan.document import UNREADABLE, PlanDocument, decode
from tfopt.plan.refuse import refusal

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "a byte order mark was skipped"),
    (codecs.BOM_UTF32_LE, "utf-32", "read as UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "read as UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "read as UTF-16 (PowerShell's `>` writes it)"),
    (codecs.BOM_UTF16_BE, "utf-16", "read as UTF-16 (PowerShell's `>` writes it)"),
)
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_START = re.compile(rb'\{\s*"format_version"|^\{', re.MULTILINE)
_MAX_STARTS = 16  # places at which a plan is looked for behind wrapper lines
_MAX_NESTING = 3  # quotes around a wrapping key around a string, and no deeper
_NAME = re.compile(r"[\w.-]{1,40}")


def plan_document(data: bytes, where: str, warnings: list[str]) -> PlanDocument:
    """Return the plan in `data`, adding to `warnings` how an odd input was read.

    Raises:
        TfoptError: there is no plan in it; says what it is instead.
    """
    try:
        document = decode(data)
        if document.is_plan:  # the one case that must be fast
            return _accept(document, warnings)
    except UNREADABLE:
        pass
    data = to_utf8(data, warnings)
    found = _search(data, warnings, 0)
    if found is None:
        raise refusal(data, where)
    return _accept(found, warnings)


def _accept(document: PlanDocument, warnings: list[str]) -> PlanDocument:
    if document.format_version is None:
        warnings.append("it names no plan format version: a part of a plan, or one that was cut")
    return document


def to_utf8(data: bytes, warnings: list[str]) -> bytes:
    """Return the bytes as UTF-8 without byte order mark."""
    for mark, encoding, words in _BOMS:
        if data.startswith(mark):
            warnings.append(words)
            return data.decode(encoding, "replace").encode()
    if data[:4].count(0) >= 2 and data[:64].count(0) >= len(data[:64]) // 2 - 1:
        warnings.append(_BOMS[3][2])
        little = data[1:2] == b"\0"
        return data.decode("utf-16-le" if little else "utf-16-be", "replace").encode()
    try:
        codecs.utf_8_decode(data[:1_000_000], "strict", False)
    except UnicodeDecodeError:
        warnings.append("it is not UTF-8: read as Windows-1252")
        return data.decode("cp1252", "replace").encode()
    return data


def _search(data: bytes, warnings: list[str], nesting: int) -> PlanDocument | None:
    if nesting > _MAX_NESTING:
        return None
    stripped = data.strip()
    document, end = _document(stripped)
    if document is not None:
        if end < len(stripped):
            warnings.append(_junk(stripped[end:]))
        return document
    return (
        _unquoted(stripped, warnings, nesting)
        or _wrapped(stripped[:end], warnings, nesting)
        or _behind(stripped, warnings)
    )


def _document(data: bytes | memoryview) -> tuple[PlanDocument | None, int]:
    """Decode the plan that `data` begins with; its end, or the end of the data where it is none."""
    end = len(data)
    for _ in range(2):
        try:
            document = decode(memoryview(data)[:end])
        except (msgspec.ValidationError, UnicodeDecodeError, RecursionError):
            return None, end
        except msgspec.DecodeError as problem:
            trailing = _TRAILING.search(str(problem))
            if trailing is None or int(trailing[1]) > end:
                return None, end
            end = int(trailing[1]) - 1  # it counts from one, and points at the first stray byte
        else:
            return (document if document.is_plan else None), end
    return None, end


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=Raw)
    except UNREADABLE:
        return False
    return True


def _junk(rest: bytes) -> str:
    another = rest.lstrip()[:1] == b"{"
    return (
        "it holds several JSON documents: the first one was read"
        if another
        else "text after the plan was skipped"
    )


def _unquoted(data: bytes, warnings: list[str], nesting: int) -> PlanDocument | None:
    """Read a plan in quotes: a JSON string that holds it, or quotes pasted around it."""
    if len(data) < 2 or data[:1] not in (b'"', b"'") or data[:1] != data[-1:]:
        return None
    inner = _string(data)
    for candidate in (inner.encode() if inner is not None else None, data[1:-1]):
        found = _search(candidate, warnings, nesting + 1) if candidate is not None else None
        if found is not None:
            warnings.append("quotes around the whole file were taken off")
            return found
    return None


def _string(data: bytes | memoryview) -> str | None:
    try:
        return msgspec.json.decode(data, type=str)
    except UNREADABLE:
        return None


def _wrapped(data: bytes, warnings: list[str], nesting: int) -> PlanDocument | None:
    """Read a plan that is one value of an object (`{"tfplan": …}`) or the one item of a list."""
    for name, raw in _members(data):
        document: PlanDocument | None
        if bytes(raw[:1]) == b'"' and len(raw) > 40:
            inner = _string(raw)
            document = _search(inner.encode(), [], nesting + 1) if inner is not None else None
        else:
            document = _document(raw)[0]
            if document is not None and document.format_version is None:
                document = None  # some other tool's object with a key of that name
        if document is not None:
            place = f"under key `{name}`" if _NAME.fullmatch(name) else "under a key"
            warnings.append(f"the plan was read {place}" if name else "the plan was the first item")
            return document
    return None


def _members(data: bytes) -> Iterator[tuple[str, memoryview]]:
    try:
        if data[:1] == b"[":
            items = msgspec.json.decode(data, type=list[Raw])
            yield from (("", memoryview(item)) for item in items[:1])
        elif data[:1] == b"{":
            members = msgspec.json.decode(data, type=dict[str, Raw])
            yield from ((name, memoryview(raw)) for name, raw in members.items())
    except UNREADABLE:
        return


def _behind(data: bytes, warnings: list[str]) -> PlanDocument | None:
    """Read a plan behind other lines, such as those of CI wrappers around terraform."""
    if _is_json(data):
        return None  # a document of another kind, which may quote a plan as an example
    for number, match in enumerate(_START.finditer(data)):
        if number >= _MAX_STARTS:
            return None
        if match.start() == 0:
            continue
        document = _document(memoryview(data)[match.start() :])[0]
        if document is not None and document.format_version is not None:
            warnings.append("text around the plan was skipped")
            return document
    return None
