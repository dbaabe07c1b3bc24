"""Spells the difference of two files as a plain unified diff, byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from os.path import relpath
from pathlib import Path

from tfopt.errors import TfoptError

CONTEXT = 3  # unchanged lines around a change, as diff and git show them


def unified_diff(
    path: Path, before: bytes, after: bytes, relative_to: Path, hidden: Collection[int] = ()
) -> str:
    """Return the diff of one file, without a `diff --git` line; empty where nothing differs.

    Lines end only at line feeds, so that carriage returns stay part of their lines.

    Args:
        path: of the file.
        before: its content as it is.
        after: as it shall be.
        relative_to: the folder that names in the diff are relative to.
        hidden: 1-based lines of `before` that may not be shown, not even as context.

    Raises:
        TfoptError: a hidden line stands where `git apply` needs to see context.
    """
    # git follows no symbolic links: the file itself is named
    name = Path(relpath(path.resolve(), relative_to.resolve())).as_posix()
    old, new = list(_lines(before)), list(_lines(after))
    hunks = list(_hunks(old, new, frozenset(hidden)))
    for hunk in hunks:
        row = hunk.in_the_way(len(old), hidden)
        if row is not None:
            raise TfoptError(
                "the diff would have to show a sensitive value on or beside an edited line",
                where=f"{name}:{row}",
                hint="Use --write, or move one of the two lines",
            )
    if not hunks:
        return ""
    # git reads a name with spaces up to a tab.
    tab = "\t" if any(char.isspace() for char in name) else ""
    head = f"--- a/{name}{tab}\n+++ b/{name}{tab}\n"
    return head + "".join(piece for hunk in hunks for piece in hunk.spelled(old, new))


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Half-open ranges of lines in the old and the new file, and what happens in them."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    changes: tuple[tuple[int, int, int, int], ...]  # within the ranges: old, old, new, new

    def in_the_way(self, old_count: int, hidden: Collection[int]) -> int | None:
        """Return the hidden line that the hunk cannot do without, if there is one.

        A line that changes has to be shown, and one that follows the last change: without it git
        looks for the change at the end of the file.
        """
        for first, end, *_ in self.changes:
            for row in range(first, end):
                if row + 1 in hidden:
                    return row + 1
        return self.old_end + 1 if self.changes[-1][1] == self.old_end != old_count else None

    def spelled(self, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
        yield (
            f"@@ -{_range(self.old_start, self.old_end)} "
            f"+{_range(self.new_start, self.new_end)} @@\n"
        )
        done = self.old_start
        for old_from, old_to, new_from, new_to in self.changes:
            yield from (_marked(" ", line) for line in old[done:old_from])
            yield from (_marked("-", line) for line in old[old_from:old_to])
            yield from (_marked("+", line) for line in new[new_from:new_to])
            done = old_to
        yield from (_marked(" ", line) for line in old[done : self.old_end])


def _hunks(old: Sequence[str], new: Sequence[str], hidden: frozenset[int]) -> Iterator[_Hunk]:
    """Yield hunks with as much context as may be shown; neighbours that touch become one."""
    pending: _Hunk | None = None
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            continue
        above = _shown(range(old_from - 1, max(-1, old_from - 1 - CONTEXT), -1), hidden)
        below = _shown(range(old_to, min(len(old), old_to + CONTEXT)), hidden)
        hunk = _Hunk(
            old_from - above,
            old_to + below,
            new_from - above,
            new_to + below,
            ((old_from, old_to, new_from, new_to),),
        )
        if pending is not None and hunk.old_start <= pending.old_end:
            hunk = _Hunk(
                pending.old_start,
                hunk.old_end,
                pending.new_start,
                hunk.new_end,
                (*pending.changes, *hunk.changes),
            )
        elif pending is not None:
            yield pending
        pending = hunk
    if pending is not None:
        yield pending


def _shown(rows: range, hidden: frozenset[int]) -> int:
    """Return how many of these rows, nearest to the change first, come before a hidden one."""
    return next((n for n, row in enumerate(rows) if row + 1 in hidden), len(rows))


def _range(start: int, end: int) -> str:
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _lines(data: bytes) -> Iterator[str]:
    *whole, rest = data.decode("utf-8").split("\n")
    yield from (line + "\n" for line in whole)
    if rest:
        yield rest


def _marked(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
