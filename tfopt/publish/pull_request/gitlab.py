"""Merge requests of GitLab, its own service or self-managed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from tfopt.errors import TfoptError
from tfopt.marker import Run, split_marker
from tfopt.publish.pull_request.comment import Comment, Vendor
from tfopt.publish.pull_request.environment import Environment, Given, required
from tfopt.publish.pull_request.http import Client, Secret
from tfopt.publish.pull_request.patience import Patience

VENDOR = Vendor("GitLab", 1_000_000)
_PUBLIC = "https://gitlab.com/api/v4"
_QUICK_ACTION = re.compile(r"^/(?=\w)", re.MULTILINE)


class _User(Struct):
    id: int


class _Note(Struct):
    id: int
    body: str
    author: _User | None = None
    system: bool = False


class GitLab:
    """One merge request of GitLab."""

    vendor = VENDOR

    def __init__(self, project: str, number: str, client: Client, page: str | None):
        self.name = f"{project}!{number}"
        self._notes = f"projects/{quote(project, safe='')}/merge_requests/{number}/notes"
        self._client = client
        self._page = page

    def dress(self, words: str) -> str:
        """Return the text with no line that GitLab would carry out, such as `/close`."""
        return _QUICK_ACTION.sub(" /", words)

    def comments(self) -> Sequence[Comment[int]]:
        """Return the notes with a marker."""
        notes = [
            note
            for page in self._client.pages(
                f"{self._notes}?per_page=100&order_by=created_at&sort=asc"
            )
            for note in page.read(list[_Note])
        ]
        marked = [(note, *split_marker(note.body)) for note in notes if not note.system]
        if not any(marker for _, marker, _ in marked):
            return []
        me = self._client.send("GET", "user").read(_User).id
        return [
            Comment(note.id, marker, words, mine=note.author is not None and note.author.id == me)
            for note, marker, words in marked
            if marker
        ]

    def create(self, text: str) -> str:
        """Write a note."""
        return self._address(self._client.send("POST", self._notes, {"body": text}).read(_Note))

    def update(
        self,
        comment: Comment[int],
        text: str,
        *,
        resolved: bool,  # noqa: ARG002 -- only threads have such a state
    ) -> str:
        """Replace a note's text."""
        made = self._client.send("PUT", f"{self._notes}/{comment.key}", {"body": text})
        return self._address(made.read(_Note))

    def hide(self, comment: Comment[int]) -> None:
        """Refuse: a note cannot be hidden."""
        raise TfoptError(f"GitLab cannot hide note {comment.key}")

    def delete(self, comment: Comment[int]) -> None:
        """Delete a note."""
        self._client.send("DELETE", f"{self._notes}/{comment.key}")

    def _address(self, note: _Note) -> str:
        return f"{self._page}#note_{note.id}" if self._page else ""


def connect(environment: Environment, given: Given, patience: Patience) -> GitLab:
    """Return the merge request that the command line or GitLab CI names.

    Raises:
        NotAllowedError: it comes from a fork and has no token.
        TfoptError: something is missing.
    """
    here = environment.get("CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID")  # first the target's
    project = required(given.repository or here, "project", "CI_PROJECT_ID", "--repo group/name")
    number = given.number or environment.number("CI_MERGE_REQUEST_IID")
    number_ = required(number, "merge request", "CI_MERGE_REQUEST_IID", "--merge-request")
    source = environment.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    token = environment.token("GITLAB_TOKEN", fork=source not in (None, here))
    api_url = given.api_url or environment.get("CI_API_V4_URL") or _PUBLIC
    client = Client(api_url, Secret("PRIVATE-TOKEN", token, ()), patience)
    web = environment.get("CI_MERGE_REQUEST_PROJECT_URL") if not given.repository else None
    return GitLab(project, number_, client, f"{web}/-/merge_requests/{number_}" if web else None)


def run(environment: Environment) -> Run | None:
    """Return the pipeline; its id counts up over all projects, a fork's too."""
    number = environment.number("CI_PIPELINE_ID")
    return None if number is None else Run("gitlab", number)
