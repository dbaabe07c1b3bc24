"""Brings a pull request up to date: looks, decides, acts, and looks again where it must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfopt.errors import TfoptError
from tfopt.marker import Marker
from tfopt.publish.pull_request.answer import Answer, wanted, whole_text
from tfopt.publish.pull_request.comment import Behavior, PullRequest
from tfopt.publish.pull_request.decide import (
    Action,
    Create,
    Decision,
    Delete,
    Hide,
    Update,
    decide,
)
from tfopt.publish.pull_request.http import NotAllowedError, RefusedError, UnansweredError
from tfopt.publish.pull_request.patience import Patience


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
        return pull_request.create(whole_text(marker, action.words, html=html))
    try:
        if isinstance(action, Update):
            text = whole_text(marker, action.words, html=html)
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
