"""A unified diff line by line, each told what it is: for formats that colour it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_KINDS = {"+": "added", "-": "removed"}


@dataclass(frozen=True, slots=True)
class PatchLine:
    """One line of a patch; `kind` is "file", "hunk", "added", "removed" or "context"."""

    kind: str
    text: str


def patch_lines(patch: str) -> Iterator[PatchLine]:
    """Yield the lines. Inside a hunk its counts decide: a removed `-- x` is no file's name."""
    old = new = 0
    for text in patch.removesuffix("\n").split("\n") if patch else ():
        hunk = _HUNK.match(text)
        if old > 0 or new > 0:
            kind = _KINDS.get(text[:1], "context")
            old -= kind != "added"
            new -= kind != "removed"
            if text.startswith("\\"):  # "\ No newline at end of file" is no line of either side
                old, new = old + 1, new + 1
        elif hunk:
            kind = "hunk"
            old, new = int(hunk[1] or 1), int(hunk[2] or 1)
        else:
            kind = "file" if text.startswith(("--- ", "+++ ")) else "context"
        yield PatchLine(kind, text)
