"""Runs `tfopt comment` as CI does: with an environment of its own, and without waiting."""

from __future__ import annotations

import io
import os
import re
import traceback
from collections.abc import Iterator

import pytest
from ci_job import Comment, Done
from fake_github import TOKEN, FakeGitHub

from tfopt.__main__ import _run
from tfopt.publish.pull_request.patience import Patience

_OF_CI = re.compile(r"(?i)(GITHUB|GH|CI|GITLAB|BITBUCKET|SYSTEM|BUILD|AZURE|TFOPT)_|.*_proxy$|CI$")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that were waited, none of them in truth."""
    seconds: list[float] = []
    monkeypatch.setattr(Patience, "sleep", lambda _self, asked: seconds.append(asked))
    monkeypatch.setattr(Patience, "chance", lambda _self: 1.0)
    return seconds


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a CI system, or a network behind a proxy, tells these tests."""
    for name in list(os.environ):
        if _OF_CI.match(name):
            monkeypatch.delenv(name)


@pytest.fixture
def comment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], waits: list[float]
) -> Comment:
    """Return the function that comments; variables of the call stay for the calls after it."""

    def run(vendor: str, text: str, *options: str, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        capsys.readouterr()
        try:
            code, traced = _run(["comment", vendor, *options]), ""
        except Exception:  # noqa: BLE001 -- with --debug, the interpreter shows it
            code, traced = 1, traceback.format_exc()
        shown = capsys.readouterr()
        return Done(code, shown.out, shown.err + traced)

    return run


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, comment: Comment) -> Iterator[FakeGitHub]:
    """Return a GitHub with one pull request, and the environment of a job that it started."""
    with FakeGitHub().running() as api:
        for name, value in {
            "GITHUB_API_URL": api.url,
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_REF": "refs/pull/12/merge",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_WORKFLOW_REF": "owner/name/.github/workflows/plan.yml@refs/pull/12/merge",
            "GITHUB_RUN_NUMBER": "7",
            "GITHUB_RUN_ATTEMPT": "1",
        }.items():
            monkeypatch.setenv(name, value)
        yield api
