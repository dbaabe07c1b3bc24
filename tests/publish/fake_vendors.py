"""GitLab, Bitbucket Cloud and Azure Repos, each with one pull request, number 12."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from fake_api import NOT_FOUND, Asked, FakeApi, Reply

TOKEN = "glpat-canary5f1c9e7aToken"
ME, SOMEBODY = 41, 42
REFS = {"base_sha": "a" * 40, "start_sha": "b" * 40, "head_sha": "c" * 40}
_ids = count(301)


@dataclass
class Stored:
    """A comment on the server; `closed` is the state of its thread."""

    body: str
    author: int = ME
    closed: bool = False
    deleted: bool = False
    position: dict[str, Any] | None = None  # of one on a line
    id: int = field(default_factory=lambda: next(_ids))


class FakeVendor(FakeApi):
    """What the three have in common."""

    verb: ClassVar[str]
    limit: ClassVar[int]
    said_no: ClassVar[Any]  # to a token that may read only

    def __init__(self) -> None:
        super().__init__()
        self.comments: list[Stored] = []
        self.read_only = False

    def environment(self) -> dict[str, str]:
        raise NotImplementedError

    def next_run(self) -> dict[str, str]:
        """Return the variable that counts up, one further each time."""
        raise NotImplementedError

    def authorized(self, asked: Asked) -> bool:
        raise NotImplementedError

    def reply(self, asked: Asked) -> Reply:
        if not self.authorized(asked):
            return Reply(401, {"message": "401 Unauthorized"})
        if self.read_only and asked.method != "GET":
            return Reply(403, self.said_no)
        return self.answer_to(asked)

    def answer_to(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def find(self, text: str) -> Stored:
        return next(comment for comment in self.comments if comment.id == int(text))

    def too_long(self, body: str) -> bool:
        return len(body.encode("utf-16-le")) // 2 > self.limit


class FakeGitLab(FakeVendor):
    """Notes in pages of two, which Link headers join; those on a line have a position."""

    verb, limit = "gitlab", 1_000_000
    said_no: ClassVar[Any] = {"error": "insufficient_scope", "error_description": "…"}
    _run = 70

    def __init__(self) -> None:
        super().__init__()
        self.diffs: list[dict[str, str]] = []
        # the lines of them that may be commented on: file, new number → old number, None if added
        self.lines: dict[tuple[str, int], int | None] = {}

    def environment(self) -> dict[str, str]:
        return {
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": "9",
            "CI_MERGE_REQUEST_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "12",
            "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.example/group/name",
            "GITLAB_TOKEN": TOKEN,
        }

    def next_run(self) -> dict[str, str]:
        self._run += 1
        return {"CI_PIPELINE_ID": str(self._run)}

    def authorized(self, asked: Asked) -> bool:
        return asked.headers.get("private-token") == TOKEN

    def answer_to(self, asked: Asked) -> Reply:
        if asked.path == "/api/v4/user":
            return Reply(200, {"id": ME, "username": "bot"})
        whole = re.fullmatch(
            r"/api/v4/projects/(?:5|group%2Fname)/merge_requests/12(.*)", asked.path
        )
        what = whole[1] if whole else "?"
        fixed = {"": {"iid": 12, "diff_refs": REFS}, "/diffs": self.diffs}
        if what in fixed:
            return Reply(200, fixed[what])
        if what == "/discussions" and asked.method == "POST":
            return self._discuss(asked.body["body"], asked.body["position"])
        found = re.fullmatch(r"/notes(?:/(\d+))?", what)
        if not found:
            return NOT_FOUND
        return self._one(asked, self.find(found[1])) if found[1] else self._all(asked)

    def _one(self, asked: Asked, note: Stored) -> Reply:
        if asked.method == "DELETE":
            self.comments.remove(note)
            return Reply(204)
        assert asked.method == "PUT"
        note.body = asked.body["body"]
        return Reply(200, self._shown(note))

    def _all(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            assert not self.too_long(asked.body["body"])
            self.comments.append(Stored(asked.body["body"]))
            return Reply(201, self._shown(self.comments[-1]))
        page = int(asked.query.get("page", 1))
        more = len(self.comments) > 2 * page
        link = f'<{self.url}{asked.path}?page={page + 1}>; rel="next"'
        shown = [self._shown(note) for note in self.comments[2 * page - 2 : 2 * page]]
        return Reply(200, shown, {"Link": link} if more else {})

    def _discuss(self, body: str, position: dict[str, Any]) -> Reply:
        """Refuse what GitLab refuses: a line that is not in the diff, or half of its numbers."""
        (diff,) = (it for it in self.diffs if it["new_path"] == position["new_path"])
        line = (position["new_path"], position["new_line"])
        told = {name: position[name] for name in REFS}
        if told != REFS or self.lines.get(line, -1) != position["old_line"]:
            return Reply(400, {"message": '400 Bad request - Note {:line_code=>["must be valid"]}'})
        assert position["position_type"] == "text"
        assert position["old_path"] == diff["old_path"]
        self.comments.append(Stored(body, position=position))
        return Reply(201, {"id": "6a9c", "notes": [self._shown(self.comments[-1])]})

    def _shown(self, note: Stored) -> dict[str, Any]:
        author = {"id": note.author, "username": "…"}
        shown = {"id": note.id, "body": note.body, "author": author, "system": False}
        return shown | ({"type": "DiffNote", "position": note.position} if note.position else {})


class FakeBitbucket(FakeVendor):
    """Comments in pages of two, which name the next; a deleted one is still listed."""

    verb, limit = "bitbucket", 32_768
    said_no: ClassVar[Any] = {
        "type": "error",
        "error": {"message": "Your credentials lack one or more required privilege scopes."},
    }
    _run = 70
    knows_users = True

    def environment(self) -> dict[str, str]:
        return {
            "BITBUCKET_WORKSPACE": "ws",
            "BITBUCKET_REPO_SLUG": "name",
            "BITBUCKET_PR_ID": "12",
            "BITBUCKET_TOKEN": TOKEN,
        }

    def next_run(self) -> dict[str, str]:
        self._run += 1
        return {"BITBUCKET_BUILD_NUMBER": str(self._run)}

    def authorized(self, asked: Asked) -> bool:
        basic = b64encode(f"me:{TOKEN}".encode()).decode()
        return asked.headers.get("authorization") in (f"Bearer {TOKEN}", f"Basic {basic}")

    def answer_to(self, asked: Asked) -> Reply:
        if asked.path == "/2.0/user":
            return Reply(200, {"uuid": f"{{{ME}}}"}) if self.knows_users else Reply(403)
        found = re.fullmatch(
            r"/2.0/repositories/ws/name/pullrequests/12/comments(?:/(\d+))?", asked.path
        )
        if not found:
            return NOT_FOUND
        if found[1]:
            comment = self.find(found[1])
            if asked.method == "DELETE":
                comment.deleted = True
                return Reply(204)
            assert asked.method == "PUT"
            comment.body = asked.body["content"]["raw"]
            return Reply(200, self._shown(comment))
        if asked.method == "POST":
            assert not self.too_long(asked.body["content"]["raw"])
            self.comments.append(Stored(asked.body["content"]["raw"]))
            return Reply(201, self._shown(self.comments[-1]))
        page = int(asked.query.get("page", 1))
        shown = [self._shown(it) for it in self.comments[2 * page - 2 : 2 * page]]
        body: dict[str, Any] = {"values": shown, "page": page}
        if len(self.comments) > 2 * page:
            body["next"] = f"{self.url}{asked.path}?page={page + 1}"
        return Reply(200, body)

    def _shown(self, comment: Stored) -> dict[str, Any]:
        return {
            "id": comment.id,
            "content": {"raw": comment.body, "markup": "markdown"},
            "user": {"uuid": f"{{{comment.author}}}", "type": "app_user"},
            "deleted": comment.deleted,
            "links": {"html": {"href": f"https://bitbucket.example/ws/name#comment-{comment.id}"}},
        }


class FakeAzure(FakeVendor):
    """Threads, whose first comment is number 1."""

    verb, limit = "azure-repos", 150_000
    said_no: ClassVar[Any] = {"message": "TF401027: You need the Git 'PullRequestContribute'"}
    _run = 70

    def environment(self) -> dict[str, str]:
        return {
            "SYSTEM_COLLECTIONURI": f"{self.url}/organization/",
            "SYSTEM_TEAMPROJECT": "my project",
            "BUILD_REPOSITORY_ID": "f00-ba4",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
            "SYSTEM_ACCESSTOKEN": TOKEN,
        }

    def next_run(self) -> dict[str, str]:
        self._run += 1
        return {"BUILD_BUILDID": str(self._run)}

    def authorized(self, asked: Asked) -> bool:
        basic = b64encode(f":{TOKEN}".encode()).decode()
        return asked.headers.get("authorization") in (f"Basic {basic}", "Bearer eyJ.a.b")

    def answer_to(self, asked: Asked) -> Reply:
        if asked.path == "/organization/_apis/connectionData":
            return Reply(200, {"authenticatedUser": {"id": f"user-{ME}"}, "instanceId": "…"})
        assert asked.query["api-version"] == "7.1"
        found = re.fullmatch(
            r"/organization/my%20project/_apis/git/repositories/f00-ba4/pullRequests/12/threads"
            r"(?:/(\d+))?(/comments/1)?",
            asked.path,
        )
        if not found:
            return NOT_FOUND
        if not found[1]:
            return self._all(asked)
        thread = self.find(found[1])
        if asked.method == "DELETE":
            thread.deleted = True
        elif found[2]:
            thread.body = asked.body["content"]
        else:
            thread.closed = asked.body["status"] == "closed"
        return Reply(200, self._shown(thread))

    def _all(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            shown = [self._shown(thread) for thread in self.comments]
            system = {"id": 1, "comments": [], "isDeleted": False}
            return Reply(200, {"value": [system, *shown], "count": len(shown) + 1})
        (first,) = asked.body["comments"]
        assert not self.too_long(first["content"])
        assert (first["parentCommentId"], first["commentType"]) == (0, "text")
        assert asked.body["status"] == "active"
        self.comments.append(Stored(first["content"]))
        return Reply(200, self._shown(self.comments[-1]))

    def _shown(self, thread: Stored) -> dict[str, Any]:
        first = {"id": 1, "author": {"id": f"user-{thread.author}"}, "parentCommentId": 0}
        first |= {"isDeleted": True} if thread.deleted else {"content": thread.body}
        # of the same user, and a marker, too: a reply is no comment of a thread's own
        reply = {"id": 2, "author": {"id": f"user-{ME}"}, "content": thread.body}
        status = "closed" if thread.closed else "active"
        return {"id": thread.id, "comments": [first, reply], "status": status, "isDeleted": False}
