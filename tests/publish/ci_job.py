"""Texts to comment with, and the shape of a call of `tfopt comment`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tfopt.marker import Marker

WORDS = "### tfopt: saves $10 a month\n\nDetails.\n"


def written(
    words: str = WORDS,
    *,
    target: str = "plan.json",
    at: str = "2026-05-04T00:00:00Z",
    left: int | None = 1,
) -> str:
    """Return a comment as `tfopt recommend` writes it."""
    marker = Marker("tfopt", "0.1.0", target, f"{hash(words) & 0xFFFF:04x}", at, left)
    return f"{marker.line()}\n{words}"


@dataclass(frozen=True)
class Done:
    """What came of a call."""

    code: int
    out: str
    err: str


class Comment(Protocol):
    """Runs `tfopt comment` with the text on its standard input."""

    def __call__(self, vendor: str, text: str, *options: str, **environment: str) -> Done: ...
