"""The table: fits its width, uses what it has, colours only when asked."""

from __future__ import annotations

import pytest
from reports import REPORTS, demand, report, web
from rich.cells import cell_len

from tfopt.render import render


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    """Nothing wraps by itself, whatever the plan calls its groups."""
    text = render(*REPORTS[name], "table", width=width)
    assert max(cell_len(line) for line in text.split("\n")) <= width


def test_a_wider_terminal_needs_fewer_lines() -> None:
    """Room is used where there is some."""
    narrow, wide = (render(*REPORTS["recommended"], "table", width=w) for w in (80, 120))
    assert len(wide.splitlines()) < len(narrow.splitlines())


def test_colour_is_the_only_difference_colour_makes() -> None:
    """Without colour there is no escape code, and the words are the same."""
    import re

    plain = render(*REPORTS["recommended"], "table", width=80)
    coloured = render(*REPORTS["recommended"], "table", width=80, color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;32m" in coloured
    stripped = re.sub("\x1b\\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.split("\n")] == plain.split("\n")


def test_environment_does_not_colour_what_must_be_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller decides; neither FORCE_COLOR nor NO_COLOR reaches past it."""
    plain = render(*REPORTS["recommended"], "table", width=80)
    coloured = render(*REPORTS["recommended"], "table", width=80, color=True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert render(*REPORTS["recommended"], "table", width=80) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert render(*REPORTS["recommended"], "table", width=80, color=True) == coloured


def test_width_defaults_to_the_terminal_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS and the terminal are asked only where the caller says nothing."""
    monkeypatch.setenv("COLUMNS", "100")
    assert render(*REPORTS["unchanged"], "table") == render(
        *REPORTS["unchanged"], "table", width=100
    )


def test_every_promised_answer_is_there() -> None:
    """Now → proposed, cost range, risk, why, impact, source and trust of each group."""
    text = render(*REPORTS["recommended"], "table", width=120)
    for answer in (
        "Change m5.xlarge → m7a.large, minimum 6 → 4 instances",
        "Saves $1,310 a month (p05–p95 $1,271–$1,349), −38 %.",
        "SLO missed in 2 instead of 12 of 100 weeks.",
        "Running instances: rolling; the instance refresh in the plan rolls it out.",
        "terraform.tfvars:6 → web.tf:15",
        "Why m7a.large",
        "Not c7i.large  $1,980 a month; misses the SLO",
        "Also moves     type: aws_instance.canary",
        "28 days of history, forecast 31 % better than repeating last week, 200 simulated weeks",
        "Costs $280 a month more (p05 = p95), +50 %.",
        "Keep c7g.xlarge, 2–12 instances, target CPU 60 %: the best proposal saves 3 %",
        "spot fleets are not simulated yet",
        "2026-05-01. Public price lists",
    ):
        assert answer in text, answer
    assert "the fourth, never shown" not in text


def test_every_figure_of_an_assumed_group_says_so() -> None:
    """A guess cannot be mistaken for a measurement."""
    text = render(*REPORTS["assumed"], "table", width=140)
    for line in text.split("\n"):
        if line.startswith(("Saves", "cost a month", "  p05–p95", "SLO missed", "bad minutes")):
            assert "assumed" in line, line


def test_an_unknown_format_is_refused() -> None:
    """Later formats are not promised yet."""
    with pytest.raises(ValueError, match="no format 'latex'"):
        render(*REPORTS["unchanged"], "latex")


def test_an_incomplete_plan_is_told_once() -> None:
    """One warning, in the words of the report."""
    text = render(*REPORTS["not-analysed"], "table", width=120)
    assert text.count("the plan is not complete") == 1


@pytest.mark.parametrize(("hours", "words"), [(24, "days"), (336, "periods of 14")])
def test_another_horizon_is_not_called_a_week(hours: int, words: str) -> None:
    """What was simulated is named by its length."""
    group = web().model_copy(update={"demand": demand(240, hours=hours), "alternatives": []})
    text = " ".join(render(report(group), "", "table", width=120).split())
    assert f"200 simulated {words}" in text
    assert "of 100 weeks" not in text
    assert "same weeks" not in text
