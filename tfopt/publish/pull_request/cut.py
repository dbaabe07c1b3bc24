"""Cuts a comment to a vendor's limit, between its blocks, and says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_DETAILS = re.compile(r"<(/?)details\b")
_HTML = re.compile(r" {0,3}</?(?:details|summary)\b")
_CODE_SPAN = re.compile(r"(`+).*?(?<!`)\1(?!`)")


def characters(text: str) -> int:
    """Return the length as vendors count it at most: a sign beyond the first plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """Return the length in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def cut(text: str, limit: int, sentence: str, *, size: Callable[[str], int] = characters) -> str:
    """Return `text` if it fits, else as much of its head as does and then the sentence.

    The text ends where no code fence and no <details> is open.

    Args:
        text: markdown.
        limit: the most that fits.
        sentence: says that something is missing; alone it has to fit.
        size: how the limit is counted.

    Raises:
        ValueError: not even the sentence fits.
    """
    if size(text) <= limit:
        return text
    tail = f"\n> {sentence}\n"
    if size(tail) > limit:
        raise ValueError("the limit has no room for the sentence that says so")
    lines = text.split("\n")
    kept, taken = 0, size(tail)
    for place, closed in enumerate(_closed_behind(lines), start=1):
        taken += size(lines[place - 1]) + 1
        if taken > limit:
            break
        if closed:
            kept = place
    return "".join(f"{line}\n" for line in lines[:kept]) + tail


def _closed_behind(lines: list[str]) -> Iterator[bool]:
    """Yield for each line whether nothing is open behind it, as CommonMark reads them."""
    depth, fence, in_html = 0, "", False
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and not in_html and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
        else:
            # a block of HTML lasts to the next empty line, and knows no code
            in_html = bool(line.strip() and (in_html or _HTML.match(line)))
            for tag in _DETAILS.finditer(line if in_html else _CODE_SPAN.sub("", line)):
                depth = max(0, depth + (-1 if tag[1] else 1))
        yield not fence and not depth
