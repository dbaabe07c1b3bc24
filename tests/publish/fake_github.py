"""GitHub: issue comments over REST, their authors and hiding over GraphQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fake_api import NOT_FOUND, Asked, FakeApi, Reply

TOKEN = "ghs_canary5f1c9e7aToken"
BOT = "github-actions[bot]"
_OTHERS = {"ghp_octocat": "octocat", "ghs_slug": "github-actions"}
_ids = count(2001)


@dataclass
class Stored:
    """A comment on the server."""

    body: str
    login: str = BOT
    minimized: bool = False
    id: int = field(default_factory=lambda: next(_ids))

    @property
    def node_id(self) -> str:
        return f"IC_{self.id}"


@dataclass
class Reviewed:
    """A comment on a line, on the server."""

    path: str
    line: int | None
    body: str
    login: str = BOT
    id: int = field(default_factory=lambda: next(_ids))


class FakeGitHub(FakeApi):
    """One pull request; a page of its comments holds `page` at most."""

    def __init__(self) -> None:
        super().__init__()
        self.comments: list[Stored] = []
        self.files: dict[str, str] = {}  # patches of the pull request
        self.on_lines: list[Reviewed] = []
        self.read_only = False
        self.no_reviews = False
        self.hides = True
        self.page = 100

    def reply(self, asked: Asked) -> Reply:
        login = self._login(asked)
        if login is None:
            return Reply(401, {"message": "Bad credentials"})
        if asked.path == "/graphql":
            return Reply(200, self._graphql(asked.body, login))
        forbidden = self.no_reviews and asked.path.endswith("/reviews")
        if (self.read_only or forbidden) and asked.method != "GET":
            return Reply(403, {"message": "Resource not accessible by integration"})
        if asked.path == "/repos/owner/name/issues/12/comments":
            return self._all(asked, login)
        if "/pulls/" in asked.path:
            return self._pulls(asked, login)
        one = re.fullmatch(r"/repos/owner/name/issues/comments/(\d+)", asked.path)
        comment = self._find(lambda c: one is not None and c.id == int(one[1]))
        return self._one(asked, comment) if comment else NOT_FOUND

    def _pulls(self, asked: Asked, login: str) -> Reply:
        what = asked.path.removeprefix("/repos/owner/name/pulls/")
        if what == "12/files":
            return Reply(200, [{"filename": n, "patch": p} for n, p in self.files.items()])
        if what == "12/comments":
            return self._page(asked, [_on_line(it) for it in self.on_lines])
        if what == "12/reviews" and asked.method == "POST":
            for it in asked.body["comments"]:
                assert it["side"] == "RIGHT"
                assert it.get("start_line", 0) < it["line"]
                self.on_lines.append(Reviewed(it["path"], it["line"], it["body"], login))
            return Reply(200, {"id": 1})
        number = re.fullmatch(r"comments/(\d+)", what)
        found = [it for it in self.on_lines if number and it.id == int(number[1])]
        if not found or asked.method != "DELETE":
            return NOT_FOUND
        self.on_lines.remove(found[0])
        return Reply(204)

    def _one(self, asked: Asked, comment: Stored) -> Reply:
        if asked.method == "DELETE":
            self.comments.remove(comment)
            return Reply(204)
        comment.body = asked.body["body"]
        return Reply(200, _shown(comment))

    def _login(self, asked: Asked) -> str | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return BOT if token == TOKEN else _OTHERS.get(token)

    def _all(self, asked: Asked, login: str) -> Reply:
        if asked.method == "POST":
            if len(asked.body["body"]) > 65_536:
                return Reply(422, {"message": "body is too long (maximum is 65536 characters)"})
            self.comments.append(Stored(asked.body["body"], login))
            return Reply(201, _shown(self.comments[-1]))
        return self._page(asked, [_shown(comment) for comment in self.comments])

    def _page(self, asked: Asked, rows: list[dict[str, Any]]) -> Reply:
        number = int(asked.query.get("page", 1))
        size = min(self.page, int(asked.query.get("per_page", 30)))
        headers = {}
        if number * size < len(rows):
            address = f"{self.url}{asked.path}?per_page={size}&page"
            headers["Link"] = f'<{address}={number + 1}>; rel="next", <{address}=99>; rel="last"'
        return Reply(200, rows[(number - 1) * size : number * size], headers)

    def _graphql(self, body: Any, login: str) -> Any:
        if body["query"].startswith("mutation"):
            comment = self._find(lambda c: c.node_id == body["variables"]["id"])
            if comment is None or not self.hides:
                kind = "FORBIDDEN" if comment else "NOT_FOUND"
                error = {"type": kind, "message": "Resource not accessible by integration"}
                return {"data": {"minimizeComment": None}, "errors": [error]}
            assert "classifier: OUTDATED" in body["query"]
            comment.minimized = True
            return {"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}}
        nodes = [
            self._find(lambda c, wanted=wanted: c.node_id == wanted)
            for wanted in body["variables"].get("ids", [])
        ]
        return {"data": {"viewer": {"login": login}, "nodes": [_node(node) for node in nodes]}}

    def _find(self, fits: Any) -> Stored | None:
        return next((comment for comment in self.comments if fits(comment)), None)


def _shown(comment: Stored) -> dict[str, Any]:
    return {
        "id": comment.id,
        "node_id": comment.node_id,
        "html_url": f"https://github.example/owner/name/pull/12#issuecomment-{comment.id}",
        "body": comment.body,
        "user": {"login": comment.login, "type": "Bot" if "[bot]" in comment.login else "User"},
    }


def _on_line(comment: Reviewed) -> dict[str, Any]:
    user = {"login": comment.login, "type": "Bot"}
    shown = {"id": comment.id, "path": comment.path, "line": comment.line, "user": user}
    return shown | {"body": comment.body.replace("\n", "\r\n")}


def _node(comment: Stored | None) -> dict[str, Any] | None:
    if comment is None:
        return None
    bot = comment.login.endswith("[bot]")
    return {
        "id": comment.node_id,
        "isMinimized": comment.minimized,
        "author": {
            "__typename": "Bot" if bot else "User",
            "login": comment.login.removesuffix("[bot]"),
        },
    }
