"""The hidden first line of a pull-request comment: which answer it shows, of which run."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from typing import Literal

import msgspec

# the second form is for markdown without HTML: a link's definition that no link uses shows nothing
_HTML = "<!-- tfopt {} -->"
_DEFINITION = "[//]: # (tfopt {})"
_LINE = re.compile(r"(?:<!-- tfopt (\{.*\}) -->|\[//\]: # \(tfopt (\{.*\})\))[ \t]*(?:\r?\n|\Z)")
_ENDERS = re.compile(r"--|[<>&()]")  # what could end either form early


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run of a CI pipeline, counted within the pipeline's own series."""

    series: str
    number: int
    attempt: int = 1

    def is_older_than(self, other: Run) -> bool:
        """Tell whether this run of the same series was started first."""
        return (self.number, self.attempt) < (other.number, other.attempt)


class Marker(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a comment knows of itself."""

    tool: Literal["tfopt"]
    version: str
    target: str  # what was looked at: comments of one target replace each other
    sha: str  # tells two answers apart
    generated_at: str  # time of the newest fact; empty where nothing could be answered
    recommended: int | None = None  # groups left to change; absent where that is not known
    run: Run | None = None  # given when the comment is posted

    def is_older_than(self, other: Marker) -> bool:
        """Tell whether this answer must not replace the other one: decided by run, else by facts.

        Runs say when a pipeline was started, the time of the facts only what it knew: a push that
        takes away newer traffic is the newer one all the same.
        """
        if self.run and other.run and self.run.series == other.run.series:
            return self.run.is_older_than(other.run)
        return "" < self.generated_at < other.generated_at

    def line(self, *, html: bool = True) -> str:
        """Return the marker as one line that no value in it can end, and that no reader sees.

        Args:
            html: whether the markdown it stands in takes HTML comments.
        """
        text = json.dumps(msgspec.to_builtins(self), separators=(",", ":"))
        text = _ENDERS.sub(lambda match: "".join(f"\\u{ord(c):04x}" for c in match[0]), text)
        return (_HTML if html else _DEFINITION).format(text)


def from_root(below: str, path: str) -> str:
    """Return a path from the root of the repository, however it was typed.

    Args:
        below: the working directory, from the repository's root; empty where it is that.
        path: from the working directory; an absolute one stays.
    """
    return posixpath.normpath(posixpath.join(below, path))


def target_of(below: str, plans: Iterable[str]) -> str:
    """Return what a comment on these plans is about: the same from any folder, no other's."""
    return ", ".join(from_root(below, plan) for plan in plans)


def split_marker(text: str) -> tuple[Marker | None, str]:
    """Return the marker a comment begins with, and the comment without it.

    None where there is none: one further down, or in a quotation, was written by someone else.
    """
    found = _LINE.match(text)
    if not found:
        return None, text
    try:
        marker = msgspec.json.decode(found[1] or found[2], type=Marker)
    except msgspec.DecodeError:
        return None, text
    return marker, text[found.end() :]
