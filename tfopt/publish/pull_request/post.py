"""Brings a pull request up to date: looks, decides, acts, and looks again where it must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import structs

from tfopt.errors import TfoptError
from tfopt.marker import Marker, Run, split_marker
from tfopt.publish.pull_request.comment import Behavior, PullRequest, Vendor
from tfopt.publish.pull_request.cut import characters, cut
from tfopt.publish.pull_request.decide import (
    Action,
    Create,
    Decision,
    Delete,
    Hide,
    Update,
    Wanted,
    decide,
)
from tfopt.publish.pull_request.http import NotAllowedError, RefusedError, UnansweredError
from tfopt.publish.pull_request.patience import Patience

_RESOLVED = "> **Resolved:** nothing is left to change.\n\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A rendered recommendation: what its marker says, and its words."""

    marker: Marker
    words: str

    @property
    def text(self) -> str:
        """Return it as one text that begins with its marker."""
        return _text(self.marker, self.words, html=True)


def read_answer(text: str, where: str, *, target: str | None, run: Run | None) -> Answer:
    """Return what `tfopt recommend` wrote, as an answer of this run.

    Args:
        text: the rendered comment.
        where: it was read from, for the error.
        target: stands instead of the marker's, where several plans have one name.
        run: of the CI pipeline, where there is one.

    Raises:
        TfoptError: it does not begin with a marker.
    """
    marker, words = split_marker(text.replace("\r\n", "\n"))
    if marker is None:
        raise TfoptError(
            "does not begin with tfopt's marker",
            where=where,
            hint="Write it with `tfopt recommend --format github-comment --out FILE`",
        )
    marker = structs.replace(marker, target=target or marker.target, run=run)
    return Answer(marker, words)


def wanted(answer: Answer, pull_request: PullRequest[Any]) -> Wanted:
    """Return the comment as it is to stand on this pull request, cut to what it takes."""
    words = pull_request.dress(answer.words)
    return Wanted(
        answer.marker,
        _fitting(words, answer.marker, pull_request.vendor),
        _fitting(_RESOLVED + words, answer.marker, pull_request.vendor)
        if answer.marker.recommended == 0
        else None,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done and why, and where to see it."""

    done: tuple[str, ...]
    why: str
    address: str = ""


def post(
    pull_request: PullRequest[Any], answer: Answer, behavior: Behavior, patience: Patience
) -> Outcome:
    """Make the pull request show the answer.

    A request that may or may not have been carried out is not sent again: what stands there now
    decides, so that no comment is written twice.

    Raises:
        NotAllowedError: the token may not comment; nothing was changed.
        TfoptError: the server refuses or is not there.
    """
    want = wanted(answer, pull_request)
    for attempt in range(patience.tries):
        if attempt:
            patience.sleep(patience.pause(attempt - 1, {}))
        decision = decide(pull_request.comments(), want, behavior)
        try:
            return _carried_out(decision, pull_request, want.marker)
        except UnansweredError as problem:
            trouble = problem
    raise trouble


def preview(pull_request: PullRequest[Any], answer: Answer, behavior: Behavior) -> Outcome:
    """Return what `post` would do; reads only.

    Raises:
        NotAllowedError: the token may not even read the comments.
        TfoptError: the server refuses or is not there.
    """
    decision = decide(pull_request.comments(), wanted(answer, pull_request), behavior)
    return Outcome(tuple(_NAMES[type(action)][0] for action in decision.actions), decision.why)


_NAMES: dict[type[Action[Any]], tuple[str, str]] = {
    Create: ("write a comment", "wrote a comment"),
    Update: ("update the comment", "updated the comment"),
    Hide: ("hide an earlier comment", "hid an earlier comment"),
    Delete: ("delete an earlier comment", "deleted an earlier comment"),
}


def _carried_out(
    decision: Decision[Any], pull_request: PullRequest[Any], marker: Marker
) -> Outcome:
    done: list[str] = []
    address = ""
    for action in decision.actions:
        try:
            address = _act(action, pull_request, marker) or address
        except NotAllowedError as problem:
            if not done:
                raise
            raise TfoptError(f"{' and '.join(done)}, but no more: {problem.message}") from None
        done.append(_NAMES[type(action)][1])
    return Outcome(tuple(done), decision.why, address)


def _act(action: Action[Any], pull_request: PullRequest[Any], marker: Marker) -> str:
    """Carry out one action and return the address of what was written."""
    html = pull_request.vendor.html
    if isinstance(action, Create):
        return pull_request.create(_text(marker, action.words, html=html))
    try:
        if isinstance(action, Update):
            text = _text(marker, action.words, html=html)
            return pull_request.update(action.comment, text, resolved=action.resolved)
        if isinstance(action, Hide):
            pull_request.hide(action.comment)
        else:
            pull_request.delete(action.comment)
    except RefusedError as problem:
        if problem.status in (404, 410):  # somebody deleted it since we looked
            raise UnansweredError(problem.message) from None
        raise
    return ""


def _text(marker: Marker, words: str, *, html: bool) -> str:
    gap = "" if html else "\n"  # a link's definition is one only in a paragraph of its own
    return f"{marker.line(html=html)}\n{gap}{words}"


def _fitting(words: str, marker: Marker, vendor: Vendor) -> str:
    room = vendor.limit - characters(_text(marker, "", html=vendor.html))
    sentence = (
        f"**Cut to fit {vendor.name}'s {vendor.limit:,} characters:** "
        "`tfopt recommend --format markdown` prints everything."
    )
    try:
        return cut(words, room, sentence)
    except ValueError:
        raise TfoptError(
            f"the target's name leaves no room in a comment of {vendor.limit:,} characters",
            hint="Give a shorter one with --target",
        ) from None
