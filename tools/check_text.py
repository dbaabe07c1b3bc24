"""Names the text files with trailing blanks, missing or extra final newlines, merge leftovers.

    python tools/check_text.py FILE…

Exit 1 when there is one; nothing is changed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_CONFLICT = re.compile(rb"^(?:<{7} |>{7} |={7}$)", re.MULTILINE)
# a lone blank is an empty line of context in a documented diff
_BLANKS = re.compile(rb"\S[ \t]+$|^(?:\t|[ \t]{2,})$", re.MULTILINE)
_BIG_BYTES = 1_000_000


def problems(content: bytes) -> Iterator[str]:
    """Yield what is wrong with a text file, one phrase each."""
    if blanks := _BLANKS.search(content):
        line = content.count(b"\n", 0, blanks.start()) + 1
        yield f"line {line} ends in blanks"
    if content and not content.endswith(b"\n"):
        yield "no newline at the end"
    if content.endswith(b"\n\n"):
        yield "blank lines at the end"
    if _CONFLICT.search(content):
        yield "leftover of a merge conflict"
    if len(content) > _BIG_BYTES:
        yield f"{len(content)} bytes is too much for a text file in this repository"


def main(names: list[str]) -> int:
    """Print every problem as `file: problem`; return the exit code."""
    found = [
        f"{name}: {problem}" for name in names for problem in problems(Path(name).read_bytes())
    ]
    for line in found:
        print(line)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
