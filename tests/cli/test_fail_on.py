"""`--fail-on`: exit 2 for what a pull request should act on, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tfopt.__main__ import _run

QUICK = ["--horizon", "1d", "--policy", "calibrated-tracking", "--format", "json"]


@pytest.fixture
def code(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the function that recommends for the shop and returns the exit code."""
    monkeypatch.chdir(shop)

    def run(*options: str) -> int:
        return _run(["recommend", "plan.json", *QUICK, *options])

    return run


def test_a_recommendation_fails_unless_soft(code: Callable[..., int]) -> None:
    """2 where something is to be changed, 0 with --soft-fail."""
    assert code("--fail-on", "any") == 2
    assert code("--fail-on", "any", "--soft-fail") == 0


@pytest.mark.parametrize("kind", ["any", "savings"])
def test_assumed_traffic_is_no_finding_unless_accepted(
    kind: str, shop: Path, code: Callable[..., int]
) -> None:
    """There is no patch to apply, so there is nothing to fail on."""
    (shop / "tfopt.toml").write_text("")
    assert code("--fail-on", kind) == 0
    assert code("--fail-on", kind, "--accept-assumptions") == 2


def test_files_edited_after_the_plan_are_no_finding(shop: Path, code: Callable[..., int]) -> None:
    """The old plan beside the patched files: a new plan is needed, not another patch."""
    assert code("--write") == 0
    assert code("--fail-on", "any") == 0


def test_a_workload_that_fits_nothing_is_told_on_standard_error(
    shop: Path, code: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with file, line and the nearest address; none with --quiet."""
    (shop / "tfopt.toml").write_text('[[workload]]\nmatch = "aws_autoscaling_group.wbe"\n')
    code()
    assert "tfopt.toml:2: match" in capsys.readouterr().err
    code("--quiet")
    assert capsys.readouterr().err == ""
