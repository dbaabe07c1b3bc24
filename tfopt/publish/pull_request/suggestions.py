"""Suggestions on the lines that a pull request shows: changes accepted by a click."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tfopt.marker import from_root

_MARK = "<!-- tfopt-suggestion {} -->"
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Lines of a file and what to put in their place.

    Attributes:
        path: from the repository's root.
        first: of the lines that are replaced, 1-based.
        old: the lines as they are.
        new: the lines as they should be.
        mark: what the text begins with, as `mark_of` gives it.
    """

    path: str
    first: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    mark: str

    @property
    def last(self) -> int:
        """Return the last line that is replaced."""
        return self.first + len(self.old) - 1

    def body(self, word: str = "suggestion") -> str:
        """Return the text of the comment; its fence is longer than any in the lines.

        Args:
            word: what the vendor wants after the fence.
        """
        longest = max((len(run) for line in self.new for run in _FENCE.findall(line)), default=2)
        fence = "`" * (longest + 1)
        lines = "".join(f"{line}\n" for line in self.new)
        return f"{self.mark}\n{fence}{word}\n{lines}{fence}\n"

    def is_on(self, shown: Mapping[str, Mapping[int, ShownLine]]) -> bool:
        """Say whether the pull request shows these lines, and as they are here."""
        lines = shown.get(self.path, {})
        found = [lines.get(number) for number in range(self.first, self.last + 1)]
        return [line and line.text for line in found] == list(self.old)


def mark_of(target: str) -> str:
    """Return the hidden line by which the suggestions of one target know each other.

    Those of another target, in another run, are not ours to withdraw.
    """
    return _MARK.format(hashlib.sha256(target.encode()).hexdigest()[:16])


def suggestions(patch: str, below: str, mark: str) -> list[Suggestion]:
    """Return each change of a unified diff as a suggestion.

    Lines that are only added replace the line above them by itself and them; where nothing stands
    above, there is nothing to replace, and they are left out.

    Args:
        patch: as `tfopt recommend --format diff` writes it.
        below: the folder its paths start in, from the repository's root; empty where it is that.
        mark: whose they are.
    """
    found = []
    for path, lines in _files(patch):
        whole = from_root(below, path.removeprefix("b/"))
        found += [Suggestion(whole, *change, mark) for change in _changes(lines)]
    return found


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the new side that a file's hunks show."""

    text: str
    old_number: int | None  # None: it is added


def shown_lines(patch: str) -> dict[int, ShownLine]:
    """Return the lines of the new side that a file's hunks show, by number."""
    shown: dict[int, ShownLine] = {}
    old = new = 0
    for line in patch.split("\n"):
        hunk = _HUNK.match(line)
        if hunk:
            old, new = int(hunk[1]), int(hunk[3])
        elif line[:1] in ("+", " "):
            shown[new] = ShownLine(line[1:], old if line[0] == " " else None)
            new += 1
            old += line[0] == " "
        elif line[:1] == "-":
            old += 1
    return shown


def _files(patch: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the path and the hunks of each file.

    Inside a hunk its counts decide: a removed `-- x` above an added `++ y` is no file's name.
    """
    path, hunks = "", list[str]()
    old = new = 0
    for line in patch.split("\n"):
        hunk = _HUNK.match(line)
        if old > 0 or new > 0:
            old -= line[:1] in ("-", " ", "")
            new -= line[:1] in ("+", " ", "")
            hunks.append(line)
        elif hunk:
            old, new = int(hunk[2] or 1), int(hunk[4] or 1)
            hunks.append(line)
        elif line.startswith("+++ "):
            if hunks:
                yield path, hunks
            path, hunks = line[4:].partition("\t")[0], []
    if hunks:
        yield path, hunks


def _changes(lines: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Yield where each run of changed lines begins, what it takes away and what it puts there."""
    number, above = 0, None
    old: list[str] = []
    new: list[str] = []
    for line in [*lines, " "]:
        if line.startswith("-"):
            old.append(line[1:])
            continue
        if line.startswith("+"):
            new.append(line[1:])
            continue
        if line.startswith("\\"):
            continue
        if old:
            yield number, tuple(old), tuple(new)
        elif new and above is not None:
            yield number - 1, (above,), (above, *new)
        number, old, new = number + len(old), [], []
        hunk = _HUNK.match(line)
        if hunk:
            number, above = int(hunk[1]), None
        else:
            number, above = number + 1, line[1:]
