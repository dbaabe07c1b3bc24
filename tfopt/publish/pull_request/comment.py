"""What is on a pull request, what is to be there, and what every vendor's adapter can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from tfopt.marker import Marker

Behavior = Literal["update", "new", "hide-and-new", "delete-and-new"]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Comment(Generic[Key]):
    """A comment that begins with a marker.

    Attributes:
        key: what its vendor calls it.
        marker: what it says of itself; proves nothing, since anybody can write one.
        words: what follows the marker.
        mine: whether the token's own user wrote it.
        hidden: whether somebody minimised it.
    """

    key: Key
    marker: Marker
    words: str
    mine: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Vendor:
    """What the markdown of a vendor's comments takes.

    Attributes:
        name: as the vendor writes it.
        limit: characters of one comment.
        html: whether there are HTML comments to hide the marker in.
    """

    name: str
    limit: int
    html: bool = True


class PullRequest(Protocol[Key]):
    """One pull request of one vendor, with the token that may comment on it."""

    @property
    def vendor(self) -> Vendor:
        """Whose it is."""
        ...

    @property
    def name(self) -> str:
        """Return what people call it, `owner/name#12`."""
        ...

    def dress(self, words: str) -> str:
        """Return the text of a comment as this vendor's markdown wants it."""
        ...

    def comments(self) -> Sequence[Comment[Key]]:
        """Return every comment that begins with a marker, the oldest first."""
        ...

    def create(self, text: str) -> str:
        """Write a comment and return its address."""
        ...

    def update(self, comment: Comment[Key], text: str, *, resolved: bool) -> str:
        """Replace a comment's text and return its address."""
        ...

    def hide(self, comment: Comment[Key]) -> None:
        """Fold a comment away as outdated."""
        ...

    def delete(self, comment: Comment[Key]) -> None:
        """Remove a comment."""
        ...
