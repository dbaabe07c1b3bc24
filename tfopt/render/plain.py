"""Makes text from a plan harmless before any format sees it: no control codes, a sane length."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel

LONGEST = 400  # characters of one string; an address of real configurations has under 200

# C0 and C1 controls, line and paragraph separators, zero-width and bidirectional formatting, tags
_HIDDEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_Answer = TypeVar("_Answer", bound=BaseModel)
_BLOCKS = {"block"}  # the strings that are meant to have several lines


def plain(text: str) -> str:
    """Return `text` on one line, its control and invisible characters shown as pictures."""
    shown = _HIDDEN.sub(_picture, text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def plain_lines(text: str) -> str:
    """Return `text` with its line breaks and tabs kept and every other control character shown."""
    kept = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_HIDDEN.sub(_picture, line.replace("\t", "    ")) for line in kept)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of that control character: ␛ for ESC
    return "␡" if code == 0x7F else f"<U+{code:04X}>"


def plain_report(report: _Answer) -> _Answer:
    """Return the report with every string made harmless for people's eyes."""
    return type(report).model_validate(_walk(report.model_dump()))


def _walk(value: Any, key: str = "") -> Any:
    if isinstance(value, str):
        return plain_lines(value) if key in _BLOCKS else plain(value)
    if isinstance(value, dict):
        return {name: _walk(item, name) for name, item in value.items()}
    if isinstance(value, list) and not (value and isinstance(value[0], float)):
        return [_walk(item, key) for item in value]
    return value
