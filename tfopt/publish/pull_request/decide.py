"""Decides what to do on a pull request, from what is there and what should be; does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from tfopt.marker import Marker
from tfopt.publish.pull_request.comment import Behavior, Comment, Key

NEWER = "a newer run has commented already"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should stand on the pull request.

    Attributes:
        marker: of this run.
        words: what the comment says after its marker.
        resolved: what it says instead where nothing is left to change; None where something is.
    """

    marker: Marker
    words: str
    resolved: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """Write a new comment."""

    words: str


@dataclass(frozen=True, slots=True)
class Update(Generic[Key]):
    """Replace the text of a comment."""

    comment: Comment[Key]
    words: str
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class Hide(Generic[Key]):
    """Fold a comment away."""

    comment: Comment[Key]


@dataclass(frozen=True, slots=True)
class Delete(Generic[Key]):
    """Remove a comment."""

    comment: Comment[Key]


Action = Create | Update[Key] | Hide[Key] | Delete[Key]


@dataclass(frozen=True, slots=True)
class Decision(Generic[Key]):
    """What to do, in this order, and the reason in a few words."""

    actions: tuple[Action[Key], ...]
    why: str


def decide(existing: Sequence[Comment[Key]], wanted: Wanted, behavior: Behavior) -> Decision[Key]:
    """Return what makes the pull request show what is wanted, and no more.

    Only comments of the token's own user count, of the same target, that nobody hid. The text is
    written before older ones are taken away: whatever fails, one of them is there to read.

    Args:
        existing: comments with a marker, the oldest first.
        wanted: the comment of this run.
        behavior: what becomes of an earlier comment.
    """
    ours = [
        comment
        for comment in existing
        if comment.mine and not comment.hidden and comment.marker.target == wanted.marker.target
    ]
    if any(wanted.marker.is_older_than(comment.marker) for comment in ours):
        return Decision((), NEWER)
    if not ours:
        if wanted.resolved is not None:
            return Decision((), "nothing is left to change, and no comment says otherwise")
        return Decision((Create(wanted.words),), "there is no comment yet")
    *earlier, latest = ours
    action = _replace(latest, wanted, behavior)
    if isinstance(action, Create):
        earlier = ours
    actions = (*([action] if action else ()), *_taken_away(earlier, behavior))
    return Decision(actions, "it says something new" if action else "it says the same")


def _replace(
    latest: Comment[Key], wanted: Wanted, behavior: Behavior
) -> Create | Update[Key] | None:
    """Return what brings the latest comment up to date; None where it is."""
    resolved = wanted.resolved is not None
    words = wanted.words if wanted.resolved is None else wanted.resolved
    same = _normal(words) == _normal(latest.words)
    if same and latest.marker == wanted.marker:
        return None
    # the same words of a newer run: its marker has to know, lest a run between the two replace it
    if same or resolved or behavior == "update":
        return Update(latest, words, resolved)
    return Create(words)


def _taken_away(
    earlier: Sequence[Comment[Key]], behavior: Behavior
) -> list[Hide[Key] | Delete[Key]]:
    if behavior == "hide-and-new":
        return [Hide(comment) for comment in earlier]
    if behavior == "delete-and-new":
        return [Delete(comment) for comment in earlier]
    return []


def _normal(words: str) -> str:
    """Return the text without what vendors change in keeping it: line ends, outer blanks."""
    return words.replace("\r\n", "\n").strip()
