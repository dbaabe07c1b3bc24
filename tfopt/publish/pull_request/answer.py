"""A rendered recommendation as a comment: whose target and run it is, and what fits a vendor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import structs

from tfopt.errors import TfoptError
from tfopt.marker import Marker, Run, split_marker
from tfopt.publish.pull_request.comment import PullRequest, Vendor
from tfopt.publish.pull_request.cut import characters, cut
from tfopt.publish.pull_request.decide import Wanted

_RESOLVED = "> **Resolved:** nothing is left to change.\n\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A rendered recommendation: what its marker says, and its words."""

    marker: Marker
    words: str

    @property
    def text(self) -> str:
        """Return it as one text that begins with its marker."""
        return whole_text(self.marker, self.words, html=True)


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


def whole_text(marker: Marker, words: str, *, html: bool) -> str:
    """Return a comment with its marker in front.

    Args:
        marker: that of the comment.
        words: what readers see.
        html: whether the vendor's markdown has HTML comments.
    """
    gap = "" if html else "\n"  # a link's definition is one only in a paragraph of its own
    return f"{marker.line(html=html)}\n{gap}{words}"


def _fitting(words: str, marker: Marker, vendor: Vendor) -> str:
    room = vendor.limit - characters(whole_text(marker, "", html=vendor.html))
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
