"""The way to a server: how long to wait for it, where the token goes, and what passes between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ci_job import Comment, written
from fake_api import Asked, FakeApi, Reply
from fake_github import TOKEN, FakeGitHub

from tfopt.errors import TfoptError
from tfopt.publish.pull_request.http import Client, Secret
from tfopt.publish.pull_request.patience import Patience


class Echo(FakeApi):
    """Answers everything with 200."""

    def reply(self, asked: Asked) -> Reply:
        return Reply(200, {"path": asked.path})


class Clock(Patience):
    """Stands still at 1,000 s after the epoch."""

    def now(self) -> float:
        return 1000.0

    def chance(self) -> float:
        return 0.0


@pytest.fixture
def echo() -> Iterator[Echo]:
    """Return a server that takes everything."""
    with Echo().running() as api:
        yield api


def client(url: str) -> Client:
    return Client(url, Secret("Authorization", f"Bearer {TOKEN}", (TOKEN,)), Patience())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "Thu, 01 Jan 1970 00:17:40 GMT"}, 60),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, 4),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1090"}, 90),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "1090"}, 4),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1005"}, 5),
        ({"x-ratelimit-remaining": "0"}, 4),
        ({}, 4),
    ],
)
def test_server_is_waited_for_as_long_as_it_asks(headers: dict[str, str], seconds: float) -> None:
    """Else longer each time: after the fourth try, half of 8 s at least."""
    assert Clock().pause(3, headers) == seconds


def test_waits_grow_to_a_most_and_differ_by_chance(waits: list[float]) -> None:
    """Jobs that failed together do not come back together."""
    del waits  # its patience has a chance of 1
    assert [Patience().pause(n, {}) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [Clock().pause(n, {}) for n in (0, 7)] == [0.5, 30]


def test_an_hour_is_not_waited_for(
    github: FakeGitHub, comment: Comment, waits: list[float]
) -> None:
    """The job ends with a line that says when to come back."""
    github.fail("GET", Reply(429, None, {"Retry-After": "3600"}))
    done = comment("github", written())
    assert done.code == 1
    assert "127.0.0.1 wants to be left alone for 60 minutes (status 429)" in done.err
    assert waits == []


def test_waits_of_a_job_have_a_sum(
    github: FakeGitHub, comment: Comment, waits: list[float]
) -> None:
    """A server that always asks for a bit more is not followed for ever."""
    github.fail("GET", Reply(429, None, {"Retry-After": "119"}), times=9)
    assert "wants to be left alone" in comment("github", written()).err
    assert waits == [120, 120]


def test_redirect_on_the_same_server_keeps_method_and_text(echo: Echo) -> None:
    """A repository that was renamed answers so."""
    echo.fail("POST", Reply(307, None, {"Location": "/new"}))
    assert client(echo.url).send("POST", "old", {"body": "text"}).data == {"path": "/new"}
    assert [(it.method, it.body) for it in echo.asked] == [("POST", {"body": "text"})] * 2


def test_token_goes_to_no_other_server(echo: Echo) -> None:
    """Neither by a redirect nor by the address of the next page."""
    with Echo().running() as other:
        echo.fail("GET", Reply(302, None, {"Location": f"{other.url}/x"}))
        with pytest.raises(TfoptError, match="points to another server"):
            client(echo.url).send("GET", "here")
        echo.fail("GET", Reply(200, [], {"Link": f'<{other.url}/2>; rel="next"'}))
        pages = client(echo.url).pages("here")
        next(pages)
        with pytest.raises(TfoptError, match="points to another server"):
            next(pages)
        assert other.asked == []


def test_circle_of_redirects_ends(echo: Echo) -> None:
    """After a few."""
    echo.fail("GET", Reply(301, None, {"Location": "/round"}), times=9)
    with pytest.raises(TfoptError, match="redirects in circles"):
        client(echo.url).send("GET", "round")


def test_proxy_of_the_environment_is_used(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the whole address; a host in no_proxy is asked directly."""
    monkeypatch.setenv("http_proxy", echo.url)
    client("http://api.invalid/v3").send("GET", "user")
    assert echo.asked[0].target == "http://api.invalid/v3/user"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    client(echo.url).send("GET", "user")
    assert echo.asked[1].target == "/user"


@pytest.mark.parametrize("base", ["file:///etc", "ftp://host/x", "host", f"https://{TOKEN}@host"])
def test_address_that_is_none_is_refused_unquoted(base: str) -> None:
    """It may hold a password."""
    with pytest.raises(TfoptError, match="not one like https://host/path") as refused:
        client(base)
    assert TOKEN not in str(refused.value)


def test_server_that_is_not_there(waits: list[float]) -> None:
    """Is tried some times, for the port of a server just gone is soon answered again."""
    with Echo().running() as gone:
        pass
    with pytest.raises(TfoptError, match=r"127\.0\.0\.1 did not answer in 6 tries"):
        client(gone.url).send("POST", "x", {})
    assert len(waits) == 5


def test_secret_is_in_no_representation() -> None:
    """Of what a debugger or a log would show."""
    assert TOKEN not in repr(Secret("Authorization", f"Bearer {TOKEN}", (TOKEN,)))
