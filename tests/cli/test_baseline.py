"""`--baseline`: what is known does not fail again, and advice does not flicker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfopt.__main__ import _run

QUICK = ["--horizon", "1d", "--policy", "calibrated-tracking", "--out", "now.json"]
WEB = "aws_autoscaling_group.web"


@pytest.fixture
def code(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the function that recommends for the shop and returns the exit code."""
    monkeypatch.chdir(shop)

    def run(*options: str) -> int:
        return _run(["recommend", "plan.json", *QUICK, *options])

    return run


def answer(file: str = "now.json") -> dict[str, dict[str, Any]]:
    """Return the groups of an answer by their address."""
    return {group["address"]: group for group in json.loads(Path(file).read_text())["groups"]}


def earlier(edit: Callable[[dict[str, Any]], None]) -> None:
    """Write the last answer as the baseline, changed."""
    report = json.loads(Path("now.json").read_text())
    for group in report["groups"]:
        if group["address"] == WEB:
            edit(group)
    Path("before.json").write_text(json.dumps(report))


def test_what_is_known_does_not_fail_again(
    code: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same advice twice: exit 0; without the baseline 2; one other group: 2."""
    assert code("--fail-on", "any") == 2
    Path("now.json").rename("before.json")
    capsys.readouterr()
    assert code("--fail-on", "any", "--baseline", "before.json") == 0
    assert "3 group(s) as in before.json: no failure" in capsys.readouterr().err
    assert {name: group["recommended"] for name, group in answer().items()} == {
        name: group["recommended"] for name, group in answer("before.json").items()
    }
    assert answer()[WEB]["reason"].endswith("as recommended before")
    earlier(lambda group: group["recommended"].update(instance_type="m5.large", min_size=40))
    assert code("--fail-on", "any", "--baseline", "before.json") == 2


def test_path_of_the_plan_is_no_matter_where_there_is_one(
    code: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The last answer was made in another folder; of another plan's groups it tells nothing."""
    assert code() == 0
    report = json.loads(Path("now.json").read_text())
    report["plan"]["path"] = "/elsewhere/infra/plan.json"
    Path("before.json").write_text(json.dumps(report))
    assert code("--fail-on", "any", "--baseline", "before.json") == 0
    for group in report["groups"]:
        group["address"] += "_2"
    Path("before.json").write_text(json.dumps(report))
    capsys.readouterr()
    assert code("--fail-on", "any", "--baseline", "before.json") == 2
    assert "before.json tells of none of these groups" in capsys.readouterr().err


def test_advice_is_kept_while_another_is_hardly_cheaper(code: Callable[..., int]) -> None:
    """A minimum one higher costs a little more and holds: it stays; twelve more do not."""
    assert code() == 0
    best = answer()[WEB]["recommended"]
    for more, kept in ((0, True), (12, False)):
        wanted = best | {
            "target_cpu": best["target_cpu"] - 0.01,
            "min_size": best["min_size"] + more,
        }
        earlier(lambda group, wanted=wanted: group.update(recommended=wanted))
        assert code("--baseline", "before.json") == 0
        assert (answer()[WEB]["recommended"] == wanted) is kept, more
        assert (answer()[WEB]["reason"].endswith("as recommended before")) is kept


def test_last_answer_that_the_plan_cannot_say_any_more_is_no_answer(
    code: Callable[..., int],
) -> None:
    """A type that is not allowed now, a target where nothing has one: decided as if new."""
    assert code() == 0
    best = answer()[WEB]["recommended"]
    earlier(lambda group: group["recommended"].update(instance_type="x9.none"))
    assert code("--baseline", "before.json") == 0
    assert answer()[WEB]["recommended"] == best


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "before.json: cannot be read: No such file or directory"),
        ("{", "before.json: is no answer of tfopt recommend: the file: Invalid JSON"),
        ('{"schema_version": 7}', "before.json: is no answer of tfopt recommend: "),
    ],
)
def test_baseline_that_is_none_is_told_in_one_line(
    text: str | None, said: str, code: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, where, and what to give instead; nothing is written."""
    if text is not None:
        Path("before.json").write_text(text)
    assert code("--baseline", "before.json") == 1
    err = capsys.readouterr().err
    assert said in err
    assert "--format json" in err
    assert not Path("now.json").exists()
