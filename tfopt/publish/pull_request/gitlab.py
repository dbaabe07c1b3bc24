"""Merge requests of GitLab, its own service or self-managed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from urllib.parse import quote

from msgspec import Struct, to_builtins

from tfopt.errors import TfoptError
from tfopt.marker import Run, split_marker
from tfopt.publish.pull_request.comment import Comment, Vendor
from tfopt.publish.pull_request.environment import Environment, Given, required
from tfopt.publish.pull_request.http import Client, Secret
from tfopt.publish.pull_request.patience import Patience
from tfopt.publish.pull_request.suggestions import ShownLine, Suggestion, shown_lines

VENDOR = Vendor("GitLab", 1_000_000)
_PUBLIC = "https://gitlab.com/api/v4"
_QUICK_ACTION = re.compile(r"^/(?=\w)", re.MULTILINE)


class _User(Struct):
    id: int


class _Position(Struct):
    new_path: str | None = None
    new_line: int | None = None


class _Note(Struct):
    id: int
    body: str
    author: _User | None = None
    system: bool = False
    position: _Position | None = None  # of a note on a line


class _Diff(Struct):
    old_path: str
    new_path: str
    diff: str = ""  # empty: binary, or too large


class _Refs(Struct):
    base_sha: str
    start_sha: str
    head_sha: str


class _MergeRequest(Struct):
    diff_refs: _Refs | None = None  # null: there is no difference yet


class GitLab:
    """One merge request of GitLab."""

    vendor = VENDOR

    def __init__(self, project: str, number: str, client: Client, page: str | None):
        self.name = f"{project}!{number}"
        self._request = f"projects/{quote(project, safe='')}/merge_requests/{number}"
        self._notes = f"{self._request}/notes"
        self._client = client
        self._page = page

    def dress(self, words: str) -> str:
        """Return the text with no line that GitLab would carry out, such as `/close`."""
        return _QUICK_ACTION.sub(" /", words)

    def comments(self) -> Sequence[Comment[int]]:
        """Return the notes with a marker."""
        notes = [note for note in self._all_notes() if not note.system]
        marked = [(note, *split_marker(note.body)) for note in notes]
        return [
            Comment(note.id, marker, words, mine=self._is_mine(note))
            for note, marker, words in marked
            if marker
        ]

    def _all_notes(self) -> list[_Note]:
        address = f"{self._notes}?per_page=100&order_by=created_at&sort=asc"
        return [note for page in self._client.pages(address) for note in page.read(list[_Note])]

    def _is_mine(self, note: _Note) -> bool:
        return note.author is not None and note.author.id == self._me

    @cached_property
    def _me(self) -> int:
        return self._client.send("GET", "user").read(_User).id

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

    def text_of(self, suggestion: Suggestion) -> str:
        """Return the text of a suggestion; it tells how many lines above its own it replaces."""
        return suggestion.body(f"suggestion:-{len(suggestion.old) - 1}+0")

    def shown(self) -> dict[str, dict[int, ShownLine]]:
        """Return the lines that the merge request shows of each file's new side, by number."""
        return {diff.new_path: shown_lines(diff.diff) for diff in self._diffs}

    @cached_property
    def _diffs(self) -> list[_Diff]:
        address = f"{self._request}/diffs?per_page=100"
        return [diff for page in self._client.pages(address) for diff in page.read(list[_Diff])]

    def suggested(self, mark: str) -> dict[int, tuple[str, int | None, str]]:
        """Return our own suggestions by their number: file, line where it is still there, text.

        Args:
            mark: what their text begins with.
        """
        return {
            note.id: (note.position.new_path or "", note.position.new_line, note.body)
            for note in self._all_notes()
            if note.position and note.body.startswith(mark) and self._is_mine(note)
        }

    def suggest(self, wanted: Sequence[Suggestion]) -> None:
        """Write suggestions, each as a thread on its line."""
        refs = self._client.send("GET", self._request).read(_MergeRequest).diff_refs
        shown, before = self.shown(), {diff.new_path: diff.old_path for diff in self._diffs}
        for it in wanted if refs else ():
            position = {
                "position_type": "text",
                **to_builtins(refs),
                "old_path": before[it.path],
                "new_path": it.path,
                "new_line": it.last,
                # GitLab finds an unchanged line by both its numbers
                "old_line": shown[it.path][it.last].old_number,
            }
            body = {"body": self.text_of(it), "position": position}
            self._client.send("POST", f"{self._request}/discussions", body)

    def withdraw(self, number: int) -> None:
        """Delete a suggestion."""
        self._client.send("DELETE", f"{self._notes}/{number}")

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
