"""The page and the picture of a simulation: gaps, overload and hostile names."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from reports import HOSTILE, interval, settings

from tfopt.recommendation import PlanInfo, SkippedResource
from tfopt.render import render_simulation
from tfopt.render.scales import Axis, band, line, round_up
from tfopt.simulation import (
    BadDay,
    Band,
    ByHourOfWeek,
    Capacity,
    Cost,
    CostParts,
    Coverage,
    DemandFigures,
    Group,
    Simulation,
    SloFigures,
    Tool,
    Totals,
)

SVG = "{http://www.w3.org/2000/svg}"


def week(value: float, gap: slice = slice(0)) -> list[float | None]:
    """Return a week of one value, with hours that were not simulated."""
    hours: list[float | None] = [value] * 168
    hours[gap] = [None] * len(hours[gap])
    return hours


def hours(risk: float = 0.0, gap: slice = slice(0)) -> ByHourOfWeek:
    """Return the figures of a week that is the same in every hour."""

    def of(value: float) -> Band:
        low, high = week(value * 0.9, gap), week(value * 1.1, gap)
        return Band(p05=low, p50=week(value, gap), p95=high)

    return ByHourOfWeek(
        demand_rps=of(100),
        capacity_rps=of(300),
        instances=of(4),
        cpu=of(0.3),
        p99_ms=week(80, gap),
        bad_minute_risk=week(risk, gap),
    )


def cost(twentieths: list[float]) -> Cost:
    """Return a cost that is all for instances on demand."""
    whole, none = interval(600, 0), interval(0)
    parts = CostParts(on_demand=whole, spot=none, surplus=none, disk=none, commitment=none)
    return Cost(monthly_usd=interval(600), parts=parts, twentieths_usd=twentieths)


def group(name: str = "aws_autoscaling_group.web", **changed: object) -> Group:
    """Return a group with everything."""
    whole = Group(
        address=name,
        kind="aws_autoscaling_group",
        region="us-east-1",
        status="simulated",
        reason="200 scenarios of the forecast",
        current=settings("m5.xlarge", 2, 8, target_cpu=0.4),
        start="2026-05-04T00:00:00Z",
        demand=DemandFigures(source="web.csv:rps", mean_rps=100, peak_rps=190, history_days=14),
        cost=cost([590.0 + k for k in range(20)]),
        capacity=Capacity(
            mean_instances=interval(4.2),
            peak_instances=interval(7),
            mean_cpu=interval(0.31),
            launches_per_week=interval(44),
        ),
        slo=SloFigures(
            slo_p99_ms=250,
            max_bad_minutes=0.01,
            p99_ms=interval(80),
            bad_minute_share=interval(0.002),
            met_share=0.97,
            weeks=200,
        ),
        by_hour_of_week=hours(0.03),
        worst_days=[
            BadDay(
                date="2026-05-05",
                bad_minutes=31.4,
                risk=0.4,
                why="capacity lag",
                causes={"capacity lag": 0.8, "backlog": 0.2},
                peak_rps=240,
                most_instances=8,
            )
        ],
        notes=["14 gaps"],
    )
    return whole.model_copy(update=changed)


def simulation(*groups: Group, plan: str = "plan.json", skipped: str = "") -> Simulation:
    """Return the answer for groups."""
    one = SkippedResource(address=skipped, plan=plan, kind=skipped, reason=skipped)
    return Simulation(
        tool=Tool(version="0.1", price_date="2026-07-20", price_attribution="lists"),
        plan=PlanInfo(path=plan, terraform_version="1.11.4", complete=True),
        mode="forecast",
        horizon_s=7 * 86_400,
        scenarios=200,
        seed=0,
        groups=list(groups),
        totals=Totals(groups=len(groups), monthly_usd=interval(600)),
        coverage=Coverage(analysed=len(groups), skipped=[one] if skipped else []),
    )


def test_page_says_what_is_bad_when_and_why() -> None:
    """Risk in the headline, a shade for each hour, the worst day with its causes."""
    page = render_simulation(simulation(group()), "table", width=100)
    assert "SLO missed in 3 of 100 weeks" in page
    assert "▒" * 24 in page
    assert "Tue 2026-05-05: 31 bad minutes expected" in page
    assert "capacity lag 80 %, backlog 20 %" in page


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_page_fits_its_columns(width: int) -> None:
    """No line is longer than the terminal is wide; below 80 the strip of CPU gives way."""
    page = render_simulation(simulation(group()), "table", width=width)
    assert max(map(len, page.splitlines())) <= width
    assert (" CPU  " in page) == (width >= 80)


def test_hours_that_were_not_simulated_stay_blank() -> None:
    """Two simulated days leave five out, in the page and in the lines of the picture."""
    short = simulation(group(by_hour_of_week=hours(gap=slice(0, 120))))
    page = render_simulation(short, "table", width=100)
    assert "Sat ▇" in page or "Sat █" in page
    assert not re.search(r"^(Mon|Fri) ", page, re.MULTILINE)
    root = ET.fromstring(render_simulation(short, "svg"))
    paths = [x.attrib["d"] for x in root.iter(f"{SVG}path") if "line" in x.attrib["class"]]
    assert all(len(re.findall("[ML]", d)) == 48 for d in paths)


def test_assumed_traffic_is_marked_in_page_and_picture() -> None:
    """Every figure of such a group says so."""
    assumed = simulation(group(assumed=True))
    page = render_simulation(assumed, "table", width=100)
    assert "on assumed traffic" in page.splitlines()[0]
    assert "$600 assumed" in page
    assert "assumed traffic" in render_simulation(assumed, "svg")


def test_cost_that_never_varies_is_said_and_not_drawn() -> None:
    """A group that nothing scales has one price."""
    held = group(cost=cost([600.0] * 20))
    text = render_simulation(simulation(held), "svg")
    assert "costs $600 a month in every future" in text
    assert "<circle" not in text
    assert render_simulation(simulation(group()), "svg").count("<circle") == 20


def test_parts_of_the_cost_are_shown_where_there_are_several() -> None:
    """Disk beside instances has its row; instances alone need none."""
    one = cost([600.0] * 20)
    both = one.model_copy(update={"parts": one.parts.model_copy(update={"disk": interval(42.5)})})
    assert "on demand" not in render_simulation(simulation(group(cost=one)), "table")
    page = render_simulation(simulation(group(cost=both)), "table")
    assert re.search(r"^  disk +\$42\.50 ", page, re.MULTILINE)
    assert re.search(r"^  on demand +\$600 ", page, re.MULTILINE)


def test_overload_of_any_size_stays_on_the_paper() -> None:
    """A p99 of days and a risk of one: every place is within the picture."""
    lost = hours(1.0).model_copy(update={"p99_ms": week(4e9)})
    root = ET.fromstring(render_simulation(simulation(group(by_hour_of_week=lost)), "svg"))
    height = float(root.attrib["height"])
    for path in root.iter(f"{SVG}path"):
        places = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path.attrib["d"])]
        assert all(0 <= y <= height for y in places)
    assert sum(x.attrib.get("class") == "bad" for x in root.iter(f"{SVG}rect")) == 168


def test_names_cannot_break_out() -> None:
    """No control code, no tag: what a plan calls itself is text in the page and in the picture."""
    attack = f"{HOSTILE}\x07\ufffe"
    hostile = simulation(
        group(attack, region=attack, notes=[attack], current=settings(attack, 2, 8)),
        plan=attack,
        skipped=attack,
    )
    page = render_simulation(hostile, "table", width=100)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)
    root = ET.fromstring(render_simulation(hostile, "svg"))
    assert not list(root.iter(f"{SVG}script"))
    known = {"svg", "style", "rect", "text", "tspan", "g", "line", "path", "circle", "title"}
    assert {x.tag.removeprefix(SVG) for x in root.iter()} <= known


def test_no_group_is_a_page_and_a_picture_too() -> None:
    """Nothing to show is said."""
    nothing = simulation()
    assert render_simulation(nothing, "table").startswith("No group could be simulated.")
    assert "No group could be simulated." in render_simulation(nothing, "svg")
    with pytest.raises(ValueError, match="no format 'yaml'"):
        render_simulation(nothing, "yaml")


def test_axes_have_round_ticks() -> None:
    """Two to five of them, all on the axis."""
    for high in (1, 7, 42, 300, 4999):
        ticks = Axis(0, high, 0, 100).ticks()
        assert 2 <= len(ticks) <= 5
        assert max(ticks) <= high
    assert Axis(40, 900, 0, 100, logarithmic=True).ticks() == [100, 300]
    assert Axis(5, 2e6, 0, 100, logarithmic=True).ticks() == [10, 1000, 1e5]
    assert [round_up(x) for x in (0.3, 1, 2.1, 21, 600)] == [0.5, 1, 2.5, 25, 1000]


def test_lines_break_where_there_is_no_value() -> None:
    """A gap ends a line and a band; the next stretch starts anew."""
    axis = Axis(0, 10, 0, 100)
    xs = [0.0, 1.0, 2.0, 3.0]
    assert line(xs, [0, 10, None, 5], axis) == "M0 100L1 0M3 50"
    assert band(xs, [0, 0, None, 0], [10, 10, None, 10], axis) == (
        "M0 0L1 0L1 100L0 100ZM3 0L3 100Z"
    )
