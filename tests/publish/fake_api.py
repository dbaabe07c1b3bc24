"""A server on this machine that speaks a vendor's shapes and can be told to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str  # path and query; a whole address where the server was used as a proxy
    headers: dict[str, str]
    body: Any

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Reply:
    """An answer; a `status` of 0 breaks the connection instead."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


NOT_FOUND = Reply(404, {"message": "Not Found"})


class FakeApi:
    """Answers by `reply`, but for what `troubles` holds: those come first, once each."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.troubles: list[tuple[str, Reply, bool]] = []

    def reply(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def fail(self, method: str, reply: Reply, *, times: int = 1, done: bool = False) -> None:
        """Answer the next requests of this method so; `done`: after doing what they ask."""
        self.troubles += [(method, reply, done)] * times

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        for place, (method, reply, done) in enumerate(self.troubles):
            if method == asked.method:
                del self.troubles[place]
                if done:
                    self.reply(asked)
                return reply
        return self.reply(asked)

    def writes(self) -> list[str]:
        """Return what was asked for that changes something, as `POST /path`."""
        return [
            f"{asked.method} {asked.path}"
            for asked in self.asked
            if asked.method != "GET" and not str(asked.body).startswith("{'query': 'query")
        ]

    @contextmanager
    def running(self) -> Iterator[Self]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.answer))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(answer: Callable[[Asked], Reply]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, json.loads(raw) if raw else None)
            reply = answer(asked)
            if reply.status == 0:
                self.close_connection = True
                return
            body = b"" if reply.body is None else _raw(reply.body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    return Handler


def _raw(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
