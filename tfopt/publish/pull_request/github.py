"""Pull requests of GitHub and of GitHub Enterprise Server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct, field

from tfopt.errors import TfoptError
from tfopt.marker import Marker, Run, split_marker
from tfopt.publish.pull_request.comment import Comment, Vendor
from tfopt.publish.pull_request.environment import Environment, Given, required
from tfopt.publish.pull_request.http import Client, NotAllowedError, Response, Secret
from tfopt.publish.pull_request.patience import Patience
from tfopt.publish.pull_request.suggestions import ShownLine, Suggestion, shown_lines

VENDOR = Vendor("GitHub", 65_536)
_PER_PAGE = 100  # the most of both APIs
_PUBLIC = "https://api.github.com"
_WHO_WROTE = """query($ids: [ID!]!) {
  viewer { login }
  nodes(ids: $ids) { ... on IssueComment { id isMinimized author { __typename login } } }
}"""
_HIDE = """mutation($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
    minimizedComment { isMinimized }
  }
}"""
_WHO_ASKS = "query { viewer { login } }"
_BOT = "[bot]"  # ends a bot's login, but not where it is an author in GraphQL


class _Comment(Struct):
    id: int
    node_id: str
    html_url: str
    body: str | None = None


class _Author(Struct):
    login: str
    kind: str = field(name="__typename")

    @property
    def name(self) -> str:
        """Return the login as the viewer's is written."""
        is_bot = self.kind == "Bot" and not self.login.endswith(_BOT)
        return f"{self.login}{_BOT}" if is_bot else self.login


class _Node(Struct):
    id: str
    minimized: bool = field(name="isMinimized")
    author: _Author | None  # null: the account is gone


class _Viewer(Struct):
    login: str


class _Nodes(Struct):
    viewer: _Viewer
    nodes: list[_Node | None]


class _WhoWrote(Struct):
    data: _Nodes


class _Error(Struct):
    message: str
    type: str = ""


class _Errors(Struct):
    errors: list[_Error] = []


class _User(Struct):
    login: str


class _ReviewComment(Struct):
    id: int
    path: str
    body: str | None = None
    user: _User | None = None  # null: the account is gone
    line: int | None = None  # null: a later push has changed the line


class _File(Struct):
    filename: str
    patch: str | None = None  # null: binary, or too large


class _Seen(Struct):
    viewer: _Viewer


class _WhoAsks(Struct):
    data: _Seen


class GitHubKey(NamedTuple):
    """A comment's numbers in the two APIs."""

    id: int
    node_id: str


class GitHub:
    """One pull request of GitHub."""

    vendor = VENDOR

    def __init__(self, repository: str, number: int, client: Client, graphql_url: str):
        self.name = f"{repository}#{number}"
        self._comments = f"repos/{repository}/issues/{number}/comments"
        self._comment = f"repos/{repository}/issues/comments"
        self._pull = f"repos/{repository}/pulls/{number}"
        self._review_comment = f"repos/{repository}/pulls/comments"
        self._client = client
        self._graphql_url = graphql_url

    def dress(self, words: str) -> str:
        """Return the text as it is: it was written for GitHub."""
        return words

    def comments(self) -> Sequence[Comment[GitHubKey]]:
        """Return the comments with a marker; whose they are is asked only where there are any."""
        marked = list(self._marked())
        mine, hidden = self._about([key.node_id for key, _, _ in marked])
        return [
            Comment(key, marker, words, key.node_id in mine, key.node_id in hidden)
            for key, marker, words in marked
        ]

    def _marked(self) -> Iterator[tuple[GitHubKey, Marker, str]]:
        for page in self._client.pages(f"{self._comments}?per_page={_PER_PAGE}"):
            for comment in page.read(list[_Comment]):
                marker, words = split_marker(comment.body or "")
                if marker:
                    yield GitHubKey(comment.id, comment.node_id), marker, words

    def _about(self, node_ids: list[str]) -> tuple[set[str], set[str]]:
        """Return which of the comments the token's own user wrote, and which are minimised."""
        mine, hidden = set(), set()
        for start in range(0, len(node_ids), _PER_PAGE):
            ids = node_ids[start : start + _PER_PAGE]
            answer = self._graphql(_WHO_WROTE, {"ids": ids}).read(_WhoWrote).data
            nodes = [node for node in answer.nodes if node]  # null: deleted meanwhile
            mine |= {n.id for n in nodes if n.author and n.author.name == answer.viewer.login}
            hidden |= {node.id for node in nodes if node.minimized}
        return mine, hidden

    def create(self, text: str) -> str:
        """Write a comment."""
        made = self._client.send("POST", self._comments, {"body": text})
        return made.read(_Comment).html_url

    def update(
        self,
        comment: Comment[GitHubKey],
        text: str,
        *,
        resolved: bool,  # noqa: ARG002 -- the words alone say so
    ) -> str:
        """Replace a comment's text; nobody is notified."""
        made = self._client.send("PATCH", f"{self._comment}/{comment.key.id}", {"body": text})
        return made.read(_Comment).html_url

    def hide(self, comment: Comment[GitHubKey]) -> None:
        """Minimise a comment as outdated; only GraphQL can."""
        self._graphql(_HIDE, {"id": comment.key.node_id})

    def delete(self, comment: Comment[GitHubKey]) -> None:
        """Delete a comment."""
        self._client.send("DELETE", f"{self._comment}/{comment.key.id}")

    def text_of(self, suggestion: Suggestion) -> str:
        """Return the text of a suggestion; which lines it replaces is told beside it."""
        return suggestion.body()

    def shown(self) -> dict[str, dict[int, ShownLine]]:
        """Return the lines that the pull request shows of each file's new side, by number."""
        return {
            file.filename: shown_lines(file.patch or "")
            for page in self._client.pages(f"{self._pull}/files?per_page={_PER_PAGE}")
            for file in page.read(list[_File])
        }

    def suggested(self, mark: str) -> dict[int, tuple[str, int | None, str]]:
        """Return our own suggestions by their number: file, line where it is still there, text.

        Args:
            mark: what their text begins with.
        """
        found = [
            comment
            for page in self._client.pages(f"{self._pull}/comments?per_page={_PER_PAGE}")
            for comment in page.read(list[_ReviewComment])
            if (comment.body or "").startswith(mark)
        ]
        if not found:
            return {}
        me = self._graphql(_WHO_ASKS, {}).read(_WhoAsks).data.viewer.login
        return {
            comment.id: (comment.path, comment.line, (comment.body or "").replace("\r\n", "\n"))
            for comment in found
            if comment.user and comment.user.login == me
        }

    def suggest(self, wanted: Sequence[Suggestion]) -> None:
        """Write suggestions as one review: one notification, not one each."""
        comments = []
        for it in wanted:
            place: dict[str, Any] = {"path": it.path, "line": it.last, "side": "RIGHT"}
            if it.first < it.last:
                place |= {"start_line": it.first, "start_side": "RIGHT"}
            comments.append(place | {"body": self.text_of(it)})
        self._client.send(
            "POST", f"{self._pull}/reviews", {"event": "COMMENT", "comments": comments}
        )

    def withdraw(self, number: int) -> None:
        """Delete a suggestion."""
        self._client.send("DELETE", f"{self._review_comment}/{number}")

    def _graphql(self, query: str, variables: dict[str, Any]) -> Response:
        body = {"query": query, "variables": variables}
        answer = self._client.send("POST", self._graphql_url, body, repeatable=True)
        for error in answer.read(_Errors).errors:
            if error.type == "FORBIDDEN":
                raise NotAllowedError(f"GitHub answered: {self._client.quoted(error.message)}")
            if error.type != "NOT_FOUND":  # a comment that was deleted meanwhile
                raise TfoptError(f"GitHub answered: {self._client.quoted(error.message)}")
        return answer


def connect(environment: Environment, given: Given, patience: Patience) -> GitHub:
    """Return the pull request that the command line or GitHub Actions names.

    Raises:
        NotAllowedError: it comes from a fork and has no token.
        TfoptError: something is missing.
    """
    event = _event(environment)
    repository = given.repository or environment.get("GITHUB_REPOSITORY")
    repository = required(repository, "repository", "GITHUB_REPOSITORY", "--repo owner/name")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        raise TfoptError(f"{repository!r} is no repository", hint="Write --repo owner/name")
    number = given.number or _number(environment, event)
    if number is None:
        raise TfoptError(
            "which pull request? this run was not started by one", hint="Give --pull-request"
        )
    token = environment.token("GITHUB_TOKEN", "GH_TOKEN", fork=_is_fork(event))
    api_url = (given.api_url or environment.get("GITHUB_API_URL") or _PUBLIC).rstrip("/")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    secret = Secret("Authorization", f"Bearer {token}", (token,))
    graphql_url = f"{api_url.removesuffix('/v3')}/graphql"  # a server's stand beside each other
    return GitHub(repository, number, Client(api_url, secret, patience, headers), graphql_url)


def run(environment: Environment) -> Run | None:
    """Return the workflow's run, which counts up, also where a pull request is pushed over."""
    number = environment.number("GITHUB_RUN_NUMBER")
    if number is None:
        return None
    workflow = environment.get("GITHUB_WORKFLOW_REF", "GITHUB_WORKFLOW") or ""
    attempt = environment.number("GITHUB_RUN_ATTEMPT") or 1
    return Run(f"github {workflow.partition('@')[0]}".rstrip(), number, attempt)


def _event(environment: Environment) -> dict[str, Any]:
    """Return the event that started the run; empty where there is none to read."""
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH") or "").read_bytes())
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def _number(environment: Environment, event: dict[str, Any]) -> int | None:
    """Return the pull request's number, from the event or from `refs/pull/12/merge`."""
    issue = event.get("issue")
    started_by = _at(event, "workflow_run", "pull_requests")
    for found in (
        event.get("pull_request"),
        issue if _at(issue, "pull_request") else None,
        started_by[0] if isinstance(started_by, list) and len(started_by) == 1 else None,
    ):
        number = _at(found, "number")
        if isinstance(number, int):
            return number
    ref = re.fullmatch(r"refs/pull/(\d+)/\w+", environment.get("GITHUB_REF") or "", re.ASCII)
    return int(ref[1]) if ref else None


def _is_fork(event: dict[str, Any]) -> bool:
    pull = event.get("pull_request")
    head, base = (_at(pull, side, "repo", "full_name") for side in ("head", "base"))
    return base is not None and head != base  # head is null where the fork is deleted


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
