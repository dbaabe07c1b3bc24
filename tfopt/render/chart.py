"""Demand against capacity over the simulated horizon as a mermaid chart that GitHub draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tfopt.recommendation import DemandFigures

HOURS_PER_POINT = 3
# the palette of the lines, readable on white and on black; the legend's squares name them
_DEMAND, _DEMAND_HIGH, _NOW, _PROPOSED = "#3b82f6", "#8b5cf6", "#9ca3af", "#22a559"
_LEGEND = {
    "🟦": "demand, median",
    "🟪": "demand, p95",
    "⬜": "capacity within the SLO, now",
    "🟩": "capacity as proposed",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A mermaid source, made of numbers and fixed words only, and the words for its colours."""

    source: str
    legend: str


def demand_chart(demand: DemandFigures, mark: str, *, proposed: bool) -> Chart | None:
    """Return the picture of the horizon; None where the figures give none.

    Args:
        demand: hourly figures; every series of the same length.
        mark: ", assumed" or nothing, said in the legend.
        proposed: whether to draw the proposed capacity beside the present one.
    """
    series = [
        demand.hourly_p50_rps,
        demand.hourly_p95_rps,
        demand.hourly_capacity_now,
        *([demand.hourly_capacity_recommended] if proposed else []),
    ]
    hours = len(series[0])
    if hours < 2 * HOURS_PER_POINT or any(len(values) != hours for values in series):
        return None
    points = [_coarse(values) for values in series]
    top = max(max(values) for values in points)
    start = datetime.fromisoformat(demand.start)
    lines = [
        _theme(len(points)),
        "xychart-beta",
        f'  x-axis "days from {start:%a %Y-%m-%d %H:%M} UTC" 0 --> {_number(hours / 24)}',
        f'  y-axis "requests/s" 0 --> {_number(max(top * 1.05, 1e-3))}',
        *(f"  line [{', '.join(map(_number, values))}]" for values in points),
    ]
    entries = list(_LEGEND.items())[: len(points)]
    legend = " · ".join(f"{square} {words}" for square, words in entries)
    return Chart(source="\n".join(lines), legend=legend + mark)


def _theme(lines: int) -> str:
    palette = ", ".join([_DEMAND, _DEMAND_HIGH, _NOW, _PROPOSED][:lines])
    return (
        '%%{init: {"xyChart": {"width": 900, "height": 300}, '
        f'"themeVariables": {{"xyChart": {{"plotColorPalette": "{palette}"}}}}}}}}%%'
    )


def _coarse(hourly: Sequence[float]) -> list[float]:
    """Average the hours of each point; a last part of a point is averaged over what it has."""
    parts = [hourly[i : i + HOURS_PER_POINT] for i in range(0, len(hourly), HOURS_PER_POINT)]
    return [sum(part) / len(part) for part in parts]


def _number(value: float) -> str:
    """Return three digits that matter, never in scientific notation."""
    if value >= 999.5:
        return f"{value:.0f}"
    return f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".") or "0"
