"""A bad input costs the user one clear line and exit code 1, and nothing on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfopt.__main__ import _run
from tfopt.commands.options import LEAST_RISK
from tfopt.scenario.case import HELD_BACK_SCENARIOS

if TYPE_CHECKING:
    from conftest import RunTfopt

Damage = Callable[[Path], None]
Refuse = Callable[[list[str], tuple[str, ...]], None]


@pytest.fixture
def refused(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Refuse:
    """Return the check of one refusal: exit 1, one line with all the words, nothing written."""

    def check(arguments: list[str], words: tuple[str, ...]) -> None:
        monkeypatch.chdir(shop)
        before = snapshot(shop)
        code = _run(arguments)
        shown = capsys.readouterr()
        assert (code, shown.out) == (1, ""), shown.err
        lines = shown.err.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("tfopt: error: ")
        assert not [word for word in words if word not in lines[0]], lines[0]
        assert snapshot(shop) == before

    return check


def replaced(name: str, content: str | bytes) -> Damage:
    """Return the damage that writes `content` over the file `name` of the shop."""

    def damage(shop: Path) -> None:
        (shop / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def without(name: str) -> Damage:
    """Return the damage that removes the file `name` of the shop."""
    return lambda shop: (shop / name).unlink()


def with_text(name: str, old: str, new: str) -> Damage:
    """Return the damage that replaces `old` in the file `name` of the shop."""

    def damage(shop: Path) -> None:
        text = (shop / name).read_text()
        assert old in text
        (shop / name).write_text(text.replace(old, new))

    return damage


def future_format(shop: Path) -> None:
    """Give the plan a format version nobody has seen."""
    plan = json.loads((shop / "plan.json").read_text())
    (shop / "plan.json").write_text(json.dumps({**plan, "format_version": "2.7"}))


TOML = Path(__file__).resolve().parents[2] / "examples" / "web-shop" / "tfopt.toml"
BOOT_LINE = TOML.read_text(encoding="utf-8").splitlines().index("boot_s = 100") + 1

# what is broken → words the one line must hold
CASES: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "no plan": (without("plan.json"), ("plan.json",)),
    "empty plan": (replaced("plan.json", ""), ("plan.json", "empty")),
    "truncated plan": (
        replaced("plan.json", '{"format_version": "1.2", "resource_c'),
        ("plan.json",),
    ),
    "not JSON": (replaced("plan.json", "hello"), ("plan.json",)),
    "a list": (replaced("plan.json", "[1, 2]"), ("plan.json",)),
    "unknown format": (future_format, ("plan.json", "2.7")),
    "unknown key": (
        with_text("tfopt.toml", "boot_s = 100", "boots = 100"),
        (f"tfopt.toml:{BOOT_LINE}", "boots", "boot_s"),
    ),
    "bad value": (
        with_text("tfopt.toml", "boot_s = 100", 'boot_s = "soon"'),
        (f"tfopt.toml:{BOOT_LINE}", "boot_s", "soon"),
    ),
    "not TOML": (replaced("tfopt.toml", "[defaults\n"), ("tfopt.toml",)),
    "no traffic": (without("traffic/web.csv"), ("traffic/web.csv",)),
    "wrong column": (
        with_text("traffic/web.csv", "timestamp,requests_per_second", "timestamp,rpm"),
        ("web.csv", "requests_per_second", "rpm"),
    ),
    "not a number": (
        with_text("traffic/web.csv", "2026-10-26T00:05:00Z,", "2026-10-26T00:05:00Z,many"),
        ("web.csv",),
    ),
}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file under `folder` with its content."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("damage", "words"), CASES.values(), ids=CASES.keys())
def test_broken_file_is_refused_in_one_line_and_nothing_is_written(
    damage: Damage, words: tuple[str, ...], shop: Path, refused: Refuse
) -> None:
    """The line names the file and what is wrong; `--write` and `--out` leave no trace."""
    damage(shop)
    refused(["recommend", "plan.json", "--write", "--out", "report.json"], words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["recommend"], ("PLAN",)),
        (["recommend", "plan.json", "--format", "yaml"], ("yaml", "json")),
        (["recommend", "plan.json", "--horizon", "soon"], ("soon", "7d")),
        (["recommend", "plan.json", "--min-savings", "-1"], ("--min-savings",)),
        (["recommend", "plan.json", "--min-savings", "nan"], ("--min-savings", "nan")),
        (["recommend", "plan.json", "--min-savings-usd", "nan"], ("--min-savings-usd", "finite")),
        (["recommend", "plan.json", "--min-savings-usd", "-5"], ("--min-savings-usd", "x>=0")),
        (["recommend", "plan.json", "--max-slo-risk", "0"], ("--max-slo-risk", "0.5% to 100%")),
        (["recommend", "plan.json", "--max-slo-risk", "101%"], ("--max-slo-risk", "101%")),
        (["recommend", "plan.json", "--seed", "-1"], ("--seed", "x>=0")),
        (["train", "--traces", ".", "--out", "made", "--seed", "-1"], ("--seed", "x>=0")),
        (["evaluate", "--traces", ".", "--seed", "-1"], ("--seed", "x>=0")),
        (["recommend", "plan.json", "--policy", "no-such"], ("no-such", "planner")),
        (["recommend", "plan.json", "--workloads", "none.toml"], ("none.toml",)),
        (["recommend", "plan.json", "--config-dir", "nowhere"], ("nowhere",)),
        (["recommend", "plan.json", "--var-file", "none.tfvars"], ("none.tfvars",)),
        (["recommend", "plan.json", "--out", "no/such/folder/report.json"], ("no/such/folder",)),
        (["recomend", "plan.json"], ("recomend",)),
        (["recommend", "plan.json", "--fromat", "json"], ("--fromat",)),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_wrong_argument_is_refused_in_one_line(
    arguments: list[str], words: tuple[str, ...], refused: Refuse
) -> None:
    """The line holds the offending value, and what is allowed where that is a short list."""
    refused(arguments, words)


def test_the_least_risk_that_may_be_asked_for_can_be_shown() -> None:
    """The smallest one the command line takes is one that the proof takes too."""
    assert 1 / (HELD_BACK_SCENARIOS + 1) <= LEAST_RISK


def test_debug_shows_the_traceback_of_the_same_refusal(shop: Path, tfopt: RunTfopt) -> None:
    """`--debug` adds the traceback; without it the same error is one line."""
    (shop / "plan.json").write_text("")
    done = tfopt("recommend", "plan.json", "--debug", cwd=shop)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "plan.json" in done.stderr.splitlines()[-1]
