"""The chart: numbers and fixed words that mermaid's xychart grammar takes."""

from __future__ import annotations

import json
import re

import pytest
from reports import demand

from tfopt.render.chart import demand_chart

NUMBER = r"\d+(?:\.\d+)?"
GRAMMAR = re.compile(
    rf"%%(?P<init>\{{init: .*\}})%%\nxychart-beta\n"
    rf'  x-axis "days from [A-Z][a-z]{{2}} \d{{4}}-\d\d-\d\d \d\d:\d\d UTC" 0 --> {NUMBER}\n'
    rf'  y-axis "requests/s" 0 --> (?P<top>{NUMBER})\n'
    rf"(?P<lines>(?:  line \[{NUMBER}(?:, {NUMBER})*\]\n?)+)"
)


@pytest.mark.parametrize("scale", [1e-7, 0.003, 1, 1240, 3.2e7])
@pytest.mark.parametrize("proposed", [True, False])
def test_chart_is_in_mermaid_s_grammar_at_every_size(scale: float, proposed: bool) -> None:
    """No number is in scientific notation, and every line lies under the top of the axis."""
    chart = demand_chart(demand(scale), "", proposed=proposed)
    assert chart
    match = GRAMMAR.fullmatch(chart.source)
    assert match, chart.source
    lines = [json.loads(line.removeprefix("  line ")) for line in match["lines"].splitlines()]
    assert len(lines) == (4 if proposed else 3)
    assert {len(line) for line in lines} == {56}
    assert max(map(max, lines)) <= float(match["top"])
    colours = json.loads(match["init"].replace("init", '"init"', 1))["init"]["themeVariables"]
    assert len(colours["xyChart"]["plotColorPalette"].split(", ")) == len(lines)
    assert chart.legend.count("·") == len(lines) - 1


def test_points_are_means_of_three_hours() -> None:
    """The last point is the mean of the hours it has."""
    hours = demand(100, hours=10)
    series = hours.model_copy(update={"hourly_p50_rps": [float(x) for x in range(10)]})
    chart = demand_chart(series, "", proposed=False)
    assert chart
    assert "line [1, 4, 7, 9]" in chart.source
    assert "0 --> 0.417\n" in chart.source


def test_figures_that_do_not_match_give_no_chart() -> None:
    """A picture is drawn of whole series only."""
    week = demand(100)
    assert (
        demand_chart(week.model_copy(update={"hourly_p95_rps": [1.0]}), "", proposed=True) is None
    )
    assert demand_chart(demand(100, hours=3), "", proposed=True) is None
