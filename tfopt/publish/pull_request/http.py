"""Speaks JSON over HTTP to one server: retries what may be retried, and keeps the token secret."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from tfopt import __version__
from tfopt.errors import TfoptError
from tfopt.publish.pull_request.patience import Patience

_TIMEOUT_S = 30.0
_REDIRECTS = 5
_LONGEST_MESSAGE = 200
_Wanted = TypeVar("_Wanted")
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


class RefusedError(TfoptError):
    """The server understood and said no."""

    def __init__(self, message: str, status: int, *, hint: str | None = None):
        super().__init__(message, hint=hint)
        self.status = status


class NotAllowedError(TfoptError):
    """The token may not do this; usual for a pull request from a fork."""


class UnansweredError(TfoptError):
    """Nobody knows whether the server did what it was told: look before telling it again."""


@dataclass(frozen=True, slots=True)
class Secret:
    """How a request proves who sends it, and what of it must not appear in any message."""

    header: str
    value: str = field(repr=False)
    parts: tuple[str, ...] = field(repr=False)

    def out_of(self, text: str) -> str:
        """Return the text without any part of the secret."""
        for part in (self.value, *self.parts):
            text = text.replace(part, "***") if part else text
        return text


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; header names are in lower case, `data` is its JSON or None."""

    status: int
    headers: Mapping[str, str]
    data: Any

    def read(self, wanted: type[_Wanted]) -> _Wanted:
        """Return the JSON as this type, without what the type does not name.

        Raises:
            TfoptError: it is something else.
        """
        try:
            return msgspec.convert(self.data, wanted)
        except msgspec.ValidationError as problem:
            raise TfoptError(
                f"the answer is not what the API documents: {problem}",
                hint="Does --api-url name the API's address?",
            ) from None


class Client:
    """One server and one token; never sends that token anywhere else."""

    def __init__(
        self,
        base: str,
        secret: Secret,
        patience: Patience,
        headers: Mapping[str, str] | None = None,
    ):
        """Take the address all paths are relative to.

        Raises:
            TfoptError: that is no http address.
        """
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise TfoptError("the address of the API is not one like https://host/path")
        self._base = base.rstrip("/") + "/"
        self._host = parts.hostname
        self._secret = secret
        self._patience = patience
        self._waited_s = 0.0
        self._headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"tfopt/{__version__}",
            **(headers or {}),
        }
        # proxies are those of the environment: http_proxy, https_proxy, no_proxy
        self._opener = urllib.request.build_opener(_NoRedirects)

    def pages(self, path: str) -> Iterator[Response]:
        """Yield each page, as the Link headers lead on."""
        following: str | None = path
        while following:
            response = self.send("GET", following)
            yield response
            link = _NEXT.search(response.headers.get("link", ""))
            following = link[1] if link else None

    def send(
        self, method: str, path: str, body: Any = None, *, repeatable: bool | None = None
    ) -> Response:
        """Send a request until it is answered.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: relative to the base, or an address on the same server.
            body: sent as JSON.
            repeatable: whether sending it twice does no more than sending it once; by default
                all but POST.

        Raises:
            NotAllowedError: the token may not do it.
            RefusedError: the server will not do it.
            UnansweredError: it is not repeatable, and whether it was done is not known.
            TfoptError: the server is not there, or busy for too long.
        """
        again = method != "POST" if repeatable is None else repeatable
        attempt = 0
        while True:
            try:
                return self._attempt(method, path, body, again=again)
            except _BusyError as busy:
                self._wait(attempt, busy)
            attempt += 1

    def _attempt(self, method: str, path: str, body: Any, *, again: bool) -> Response:
        try:
            response = self._once(method, path, body)
        except _NotSentError as problem:
            raise _BusyError(str(problem), {}) from None
        except _BrokenError as problem:
            if again:
                raise _BusyError(str(problem), {}) from None
            raise UnansweredError(f"{self._host} did not answer: {problem}") from None
        if is_limited(response):
            raise _BusyError(f"status {response.status}", response.headers)
        if response.status < 500:
            return self._checked(response)
        if again:
            raise _BusyError(f"status {response.status}", response.headers)
        raise UnansweredError(f"{self._host} answered with status {response.status}")

    def quoted(self, text: str) -> str:
        """Return what the server said in a form that can be shown: one short line, no secret."""
        printable = "".join(
            sign if sign.isprintable() else " " for sign in self._secret.out_of(text)
        )
        return " ".join(printable.split())[:_LONGEST_MESSAGE]

    def _wait(self, attempt: int, busy: _BusyError) -> None:
        if attempt + 1 >= self._patience.tries:
            raise TfoptError(
                f"{self._host} did not answer in {self._patience.tries} tries ({busy})",
                hint="Run again later",
            )
        seconds = self._patience.pause(attempt, busy.headers)
        self._waited_s += seconds
        if self._waited_s > self._patience.most_s:
            raise TfoptError(
                f"{self._host} wants to be left alone for {seconds / 60:.0f} minutes ({busy})",
                hint="Run again then",
            )
        self._patience.sleep(seconds)

    def _checked(self, response: Response) -> Response:
        if 200 <= response.status < 300 and response.status != 203:
            return response
        said = self.quoted(_message(response.data))
        answer = f"{self._host} answered {response.status}{': ' if said else ''}{said}"
        if response.status == 403:
            raise NotAllowedError(answer)
        raise RefusedError(answer, response.status, hint=_HINTS.get(response.status))

    def _once(self, method: str, path: str, body: Any) -> Response:
        url = urljoin(self._base, path)
        for _ in range(_REDIRECTS):
            if _origin(url) != _origin(self._base):
                raise TfoptError(
                    f"{self._host} points to another server, which must not see the token",
                    hint="Give that server's own address with --api-url",
                )
            response = self._exchange(method, url, body)
            if response.status not in (301, 302, 307, 308) or "location" not in response.headers:
                return response
            url = urljoin(url, response.headers["location"])
        raise TfoptError(f"{self._host} redirects in circles")

    def _exchange(self, method: str, url: str, body: Any) -> Response:
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, self._secret.header: self._secret.value}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return _response(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            with answer:
                return _response(answer.code, answer.headers, answer.read())
        except urllib.error.URLError as problem:
            if isinstance(problem.reason, ssl.SSLCertVerificationError):
                raise TfoptError(
                    f"{self._host} has a certificate that is not trusted here",
                    hint="Name its authority's file in SSL_CERT_FILE",
                ) from None
            reason = self.quoted(str(problem.reason))
            kind = _NotSentError if isinstance(problem.reason, _BEFORE_SENDING) else _BrokenError
            raise kind(reason) from None
        except (OSError, http.client.HTTPException) as problem:
            raise _BrokenError(type(problem).__name__) from None


def is_limited(response: Response) -> bool:
    """Tell whether the server has had too many requests, in one of the ways servers say so."""
    if response.status == 429:
        return True
    if response.status == 403:
        headers = response.headers
        return (
            "retry-after" in headers
            or headers.get("x-ratelimit-remaining") == "0"
            or "rate limit" in _message(response.data).lower()
        )
    errors = response.data.get("errors") if isinstance(response.data, dict) else None
    return isinstance(errors, list) and any(
        isinstance(error, dict) and error.get("type") == "RATE_LIMITED" for error in errors
    )


class _BusyError(Exception):
    """The request may be sent again after a while; the server may say after which."""

    def __init__(self, trouble: str, headers: Mapping[str, str]):
        super().__init__(trouble)
        self.headers = headers


class _NotSentError(Exception):
    """The request did not reach the server."""


class _BrokenError(Exception):
    """The connection broke after the request may have reached the server."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Hands a redirect back as it is: where it leads is looked at first, and its method kept."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Follow nothing."""


_BEFORE_SENDING = (ConnectionRefusedError, socket.gaierror)
_HINTS = {
    203: "Is the token valid, and not expired?",  # what Azure answers with its page to sign in
    401: "Is the token valid, and not expired?",
    404: "Is there such a pull request, and may the token see it?",
}


def _response(status: int, headers: Any, raw: bytes) -> Response:
    try:
        data = json.loads(raw) if raw else None
    except ValueError:
        data = None
    return Response(status, {name.lower(): value for name, value in headers.items()}, data)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _message(data: Any) -> str:
    """Return what a server says about an error; every vendor has its own place for it."""
    found = data
    for key in ("error", "message", "error_description"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    if found is data:
        return ""
    return found if isinstance(found, str) else json.dumps(found)
