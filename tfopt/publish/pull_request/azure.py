"""Pull requests of Azure Repos: a comment is the first of a thread, which is active or closed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from msgspec import Struct, field

from tfopt.errors import TfoptError
from tfopt.marker import Run, split_marker
from tfopt.publish.pull_request.comment import Comment, Vendor
from tfopt.publish.pull_request.environment import Environment, Given, required
from tfopt.publish.pull_request.http import Client, Secret
from tfopt.publish.pull_request.markdown import without_charts
from tfopt.publish.pull_request.patience import Patience

VENDOR = Vendor("Azure Repos", 150_000)
_VERSION = "api-version=7.1"


class AzureKey(NamedTuple):
    """A comment's number, which counts within its thread."""

    thread: int
    comment: int


class _User(Struct):
    id: str


class _Comment(Struct):
    id: int
    author: _User | None = None
    content: str | None = None
    deleted: bool = field(name="isDeleted", default=False)


class _Thread(Struct):
    id: int
    comments: list[_Comment] = []
    deleted: bool = field(name="isDeleted", default=False)


class _Threads(Struct):
    value: list[_Thread]


class _Connection(Struct):
    user: _User = field(name="authenticatedUser")


class AzureRepos:
    """One pull request of Azure Repos."""

    vendor = VENDOR

    def __init__(self, project: str, repository: str, number: str, client: Client, base: str):
        self.name = f"{repository}#{number}"
        project, repository = quote(project, safe=""), quote(repository, safe="")
        self._threads = (
            f"{project}/_apis/git/repositories/{repository}/pullRequests/{number}/threads"
        )
        self._page = f"{base.rstrip('/')}/{project}/_git/{repository}/pullrequest/{number}"
        self._client = client

    def dress(self, words: str) -> str:
        """Return the text without its charts, which are drawn in wikis only."""
        return without_charts(words)

    def comments(self) -> Sequence[Comment[AzureKey]]:
        """Return the first comment of every thread that begins with a marker."""
        threads = self._client.send("GET", f"{self._threads}?{_VERSION}").read(_Threads).value
        firsts = [
            (AzureKey(thread.id, first.id), first.author, *split_marker(first.content or ""))
            for thread in threads
            for first in thread.comments[:1]
            if not thread.deleted and not first.deleted
        ]
        if not any(marker for _, _, marker, _ in firsts):
            return []
        me = self._me()
        return [
            Comment(key, marker, words, mine=author is not None and author.id == me)
            for key, author, marker, words in firsts
            if marker
        ]

    def _me(self) -> str:
        answer = self._client.send("GET", "_apis/connectionData?api-version=7.1-preview.1")
        return answer.read(_Connection).user.id

    def create(self, text: str) -> str:
        """Open a thread."""
        comment = {"parentCommentId": 0, "content": text, "commentType": "text"}
        body = {"comments": [comment], "status": "active"}
        made = self._client.send("POST", f"{self._threads}?{_VERSION}", body).read(_Thread)
        return f"{self._page}?discussionId={made.id}"

    def update(self, comment: Comment[AzureKey], text: str, *, resolved: bool) -> str:
        """Replace a comment's text; its thread is closed when resolved, and opened again after.

        One that somebody closed otherwise stays closed.
        """
        thread = f"{self._threads}/{comment.key.thread}"
        path = f"{thread}/comments/{comment.key.comment}?{_VERSION}"
        self._client.send("PATCH", path, {"content": text})
        if resolved or comment.marker.recommended == 0:
            status = "closed" if resolved else "active"
            self._client.send("PATCH", f"{thread}?{_VERSION}", {"status": status})
        return f"{self._page}?discussionId={comment.key.thread}"

    def hide(self, comment: Comment[AzureKey]) -> None:
        """Refuse: a comment cannot be hidden."""
        raise TfoptError(f"Azure Repos cannot hide thread {comment.key.thread}")

    def delete(self, comment: Comment[AzureKey]) -> None:
        """Delete a comment."""
        key = comment.key
        path = f"{self._threads}/{key.thread}/comments/{key.comment}?{_VERSION}"
        self._client.send("DELETE", path)


def connect(environment: Environment, given: Given, patience: Patience) -> AzureRepos:
    """Return the pull request that the command line or Azure Pipelines names.

    Raises:
        NotAllowedError: it comes from a fork and has no token.
        TfoptError: something is missing.
    """
    project, _, repository = (given.repository or "").rpartition("/")
    project = required(
        project or environment.get("SYSTEM_TEAMPROJECT"),
        "project",
        "SYSTEM_TEAMPROJECT",
        "--repo project/repository",
    )
    repository = required(
        repository or environment.get("BUILD_REPOSITORY_ID"),
        "repository",
        "BUILD_REPOSITORY_ID",
        "--repo project/repository",
    )
    variable = "SYSTEM_PULLREQUEST_PULLREQUESTID"
    number = given.number or environment.number(variable)
    number_ = required(number, "pull request", variable, "--pull-request")
    base = given.api_url or environment.get("SYSTEM_COLLECTIONURI")
    base = required(base, "organization", "SYSTEM_COLLECTIONURI", "--api-url")
    fork = (environment.get("SYSTEM_PULLREQUEST_ISFORK") or "").lower() == "true"
    token = environment.token("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT", fork=fork)
    headers = {"X-TFS-FedAuthRedirect": "Suppress"}  # 401 rather than a page to sign in
    client = Client(base, _secret(token), patience, headers)
    return AzureRepos(project, repository, number_, client, base)


def run(environment: Environment) -> Run | None:
    """Return the build, whose id counts up."""
    number = environment.number("BUILD_BUILDID")
    return None if number is None else Run("azure-repos", number)


def _secret(token: str) -> Secret:
    """Return the token of a job, a JSON web token, as it is, and that of a person as a password."""
    if token.startswith("eyJ") and token.count(".") == 2:
        return Secret("Authorization", f"Bearer {token}", (token,))
    basic = b64encode(f":{token}".encode()).decode()
    return Secret("Authorization", f"Basic {basic}", (basic, token))
