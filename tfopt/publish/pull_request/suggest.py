"""Brings the suggestions on a pull request up to date: new ones written, stale ones withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tfopt.publish.pull_request.suggestions import ShownLine, Suggestion


@runtime_checkable
class Reviewed(Protocol):
    """A pull request whose lines can be commented on."""

    def shown(self) -> Mapping[str, Mapping[int, ShownLine]]:
        """Return the lines that it shows of each file's new side, by number."""
        ...

    def text_of(self, suggestion: Suggestion) -> str:
        """Return the text of a suggestion as this vendor reads it."""
        ...

    def suggested(self, mark: str) -> Mapping[int, tuple[str, int | None, str]]:
        """Return our own suggestions with a mark by their number: file, line, text."""
        ...

    def suggest(self, wanted: Sequence[Suggestion]) -> None:
        """Write suggestions."""
        ...

    def withdraw(self, number: int) -> None:
        """Delete a suggestion."""
        ...


@dataclass(frozen=True, slots=True)
class Suggested:
    """How many suggestions were written, withdrawn and left, and how many had no place."""

    written: int
    withdrawn: int
    left: int
    elsewhere: int

    def __str__(self) -> str:
        """Say it in words."""
        text = f"{self.written} suggestion(s) written, {self.withdrawn} withdrawn, {self.left} left"
        return f"{text}; {self.elsewhere} change(s) on lines that are not in the diff"


def suggest(
    pull_request: Reviewed, wanted: Sequence[Suggestion], mark: str, *, dry_run: bool = False
) -> Suggested:
    """Make the pull request show the suggestions that have a place in it, each once.

    Of those with `mark`, what is no longer wanted is withdrawn; all of them where nothing is.

    Raises:
        NotAllowedError: the token may not comment.
        TfoptError: the server refuses or is not there.
    """
    there = pull_request.suggested(mark)
    shown = pull_request.shown() if wanted else {}
    placed = {(it.path, it.last, pull_request.text_of(it)): it for it in wanted if it.is_on(shown)}
    stale = [number for number, place in there.items() if place not in placed]
    fresh = [it for place, it in placed.items() if place not in there.values()]
    if not dry_run:
        if fresh:
            pull_request.suggest(fresh)
        for number in stale:
            pull_request.withdraw(number)
    return Suggested(
        written=len(fresh),
        withdrawn=len(stale),
        left=len(there) - len(stale),
        elsewhere=len(wanted) - len(placed),
    )
