"""Pull requests of Bitbucket Cloud, whose markdown takes no HTML."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from msgspec import Struct

from tfopt.errors import TfoptError
from tfopt.marker import Run, split_marker
from tfopt.publish.pull_request.comment import Comment, Vendor
from tfopt.publish.pull_request.environment import Environment, Given, required
from tfopt.publish.pull_request.http import Client, NotAllowedError, RefusedError, Secret
from tfopt.publish.pull_request.markdown import without_charts, without_html
from tfopt.publish.pull_request.patience import Patience

VENDOR = Vendor("Bitbucket", 32_768, html=False)
_PUBLIC = "https://api.bitbucket.org/2.0"


class _User(Struct):
    uuid: str


class _Content(Struct):
    raw: str | None = None  # of a deleted comment


class _Link(Struct, frozen=True):
    href: str = ""


class _Links(Struct, frozen=True):
    html: _Link = _Link()


class _Comment(Struct):
    id: int
    content: _Content
    user: _User | None = None
    deleted: bool = False
    links: _Links = _Links()


class _Page(Struct):
    values: list[_Comment]
    next: str | None = None


class Bitbucket:
    """One pull request of Bitbucket Cloud."""

    vendor = VENDOR

    def __init__(self, repository: str, number: str, client: Client, author: str | None):
        self.name = f"{repository}#{number}"
        self._comments = f"repositories/{quote(repository)}/pullrequests/{number}/comments"
        self._client = client
        self._author = author

    def dress(self, words: str) -> str:
        """Return the text in markdown alone: tags would be shown as they are."""
        return without_html(without_charts(words))

    def comments(self) -> Sequence[Comment[int]]:
        """Return the comments with a marker."""
        marked = [(it, *split_marker(it.content.raw or "")) for it in self._all() if not it.deleted]
        if not any(marker for _, marker, _ in marked):
            return []
        me = self._author or self._me()
        return [
            Comment(it.id, marker, words, mine=it.user is not None and it.user.uuid == me)
            for it, marker, words in marked
            if marker
        ]

    def _all(self) -> Iterator[_Comment]:
        following: str | None = f"{self._comments}?pagelen=100&sort=created_on"
        while following:
            page = self._client.send("GET", following).read(_Page)
            yield from page.values
            following = page.next

    def _me(self) -> str:
        try:
            return self._client.send("GET", "user").read(_User).uuid
        except (NotAllowedError, RefusedError):
            raise TfoptError(
                "Bitbucket does not tell this token whose it is",
                hint="Name the author of its comments with --author {uuid}",
            ) from None

    def create(self, text: str) -> str:
        """Write a comment."""
        made = self._client.send("POST", self._comments, {"content": {"raw": text}})
        return made.read(_Comment).links.html.href

    def update(
        self,
        comment: Comment[int],
        text: str,
        *,
        resolved: bool,  # noqa: ARG002 -- the words alone say so
    ) -> str:
        """Replace a comment's text."""
        path = f"{self._comments}/{comment.key}"
        made = self._client.send("PUT", path, {"content": {"raw": text}})
        return made.read(_Comment).links.html.href

    def hide(self, comment: Comment[int]) -> None:
        """Refuse: a comment cannot be hidden."""
        raise TfoptError(f"Bitbucket cannot hide comment {comment.key}")

    def delete(self, comment: Comment[int]) -> None:
        """Delete a comment."""
        self._client.send("DELETE", f"{self._comments}/{comment.key}")


def connect(environment: Environment, given: Given, patience: Patience) -> Bitbucket:
    """Return the pull request that the command line or Bitbucket Pipelines names.

    Raises:
        TfoptError: something is missing.
    """
    workspace = environment.get("BITBUCKET_WORKSPACE")
    slug = environment.get("BITBUCKET_REPO_SLUG")
    repository = required(
        given.repository or (f"{workspace}/{slug}" if workspace and slug else None),
        "repository",
        "BITBUCKET_REPO_SLUG",
        "--repo workspace/name",
    )
    if not re.fullmatch(r"[\w.{}-]+/[\w.{}-]+", repository, re.ASCII):
        raise TfoptError(f"{repository!r} is no repository", hint="Write --repo workspace/name")
    number = given.number or environment.number("BITBUCKET_PR_ID")
    number_ = required(number, "pull request", "BITBUCKET_PR_ID", "--pull-request")
    token = environment.token("BITBUCKET_TOKEN", fork=False)
    api_url = given.api_url or _PUBLIC
    return Bitbucket(repository, number_, Client(api_url, _secret(token), patience), given.author)


def run(environment: Environment) -> Run | None:
    """Return the pipeline, which counts up."""
    number = environment.number("BITBUCKET_BUILD_NUMBER")
    return None if number is None else Run("bitbucket", number)


def _secret(token: str) -> Secret:
    """Return an access token as it is, and `user:password` of a person as basic credentials."""
    if ":" not in token:
        return Secret("Authorization", f"Bearer {token}", (token,))
    basic = b64encode(token.encode()).decode()
    return Secret("Authorization", f"Basic {basic}", (basic, token, token.partition(":")[2]))
