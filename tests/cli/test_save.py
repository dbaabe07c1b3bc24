"""`--save`: one run, the answer in as many formats as a pipeline needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tfopt.__main__ import _run

QUICK = ["--horizon", "1d", "--policy", "calibrated-tracking"]


@pytest.fixture
def code(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the function that recommends for the shop and returns the exit code."""
    monkeypatch.chdir(shop)

    def run(*options: str) -> int:
        return _run(["recommend", "plan.json", *QUICK, *options])

    return run


def test_every_format_is_the_one_that_a_run_of_its_own_writes(
    shop: Path, code: Callable[..., int], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The copies are byte for byte what --format writes, and standard output is untouched."""
    saved = ("--save", "json=all.json", "--save", "diff=all.patch")
    assert code("--format", "github-comment", *saved) == 0
    comment = capsysbinary.readouterr().out
    assert code("--format", "json", "--out", "one.json") == 0
    assert code("--format", "diff", "--out", "one.patch") == 0
    assert code("--format", "github-comment", "--out", "one.md") == 0
    for format_ in ("json", "patch"):
        assert (shop / f"all.{format_}").read_bytes() == (shop / f"one.{format_}").read_bytes()
    assert comment == (shop / "one.md").read_bytes()
    assert json.loads((shop / "all.json").read_text())["groups"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("jsn=a.json", "'jsn' is no format; there are table,"),
        ("json=", "names no file; write json="),
    ],
)
def test_what_is_no_format_or_names_no_file_is_told(
    value: str, said: str, code: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit 1."""
    assert code("--save", value) == 1
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") <= 2
