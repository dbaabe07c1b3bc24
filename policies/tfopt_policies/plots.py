"""The table as a picture: weeks held against cost along each dial, and performance profiles.

One SVG per mode, written by hand so that the base install needs no plotting library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from tfopt_policies.evaluate import PLAIN_CHOICE, PROVEN, Score
from tfopt_policies.matching import along_dial
from tfopt_policies.standards import price_of_holding
from tfopt_policies.statistics import performance_profile

_DIALLED = ("planner", "best-calibrated", "tracking-dial", "floors-dial", "steps-dial",
            "target-tracking-50")  # fmt: skip
_PLAIN = (PROVEN, "planner", "best-calibrated", "calibrated-tracking", "random-search",
          "target-tracking-50", "peak-static")  # fmt: skip
# Okabe and Ito's palette, told apart by the colour-blind; the same policy keeps its colour
_COLOURS = {
    PROVEN: "#000000", "planner": "#0072B2", "best-calibrated": "#D55E00",
    "calibrated-tracking": "#E69F00", "tracking-dial": "#E69F00", "floors-dial": "#009E73",
    "steps-dial": "#CC79A7", "random-search": "#56B4E9", "target-tracking-50": "#999999",
    "peak-static": "#8A6D00",
}  # fmt: skip
_WIDTH, _HEIGHT = 1010, 430
_TOP, _BOTTOM, _SPAN = 60.0, 334.0, 380.0
_LEFTS = (70.0, 560.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a panel."""

    name: str
    x: tuple[float, ...]
    share: tuple[float, ...]  # of the attainable weeks held
    dots: bool = False  # every point is shown, the line only joins the cheapest of them


def picture(scores: Sequence[Score]) -> str:
    """Return the scores of one mode as an SVG of two panels."""
    mode = scores[0].mode
    dials = [
        Curve(name, tuple(math.exp(c) for _, c in points), tuple(h for h, _ in points), dots=True)
        for name in _DIALLED
        if (points := along_dial(scores, name))
    ]
    dials += [_point(scores, PROVEN)] if any(s.policy == PROVEN for s in scores) else []
    levels = np.geomspace(1, 20, 97)
    profiles = []
    for name in _PLAIN:
        own = [
            price_of_holding(s)
            for s in scores
            if s.policy == name and s.dial == PLAIN_CHOICE and s.attainable
        ]
        if own:
            shares = performance_profile(np.array(own), levels)
            profiles.append(Curve(name, tuple(levels), tuple(float(s) for s in shares)))
    body = [
        _panel(_LEFTS[0], "Weeks held against cost, each dot a turn of the dial for caution",
               "cost ÷ clairvoyant bound (geometric mean)", dials),
        _panel(_LEFTS[1], "Weeks held at no more than this price",
               "cost ÷ cheapest setting that held", profiles),
    ]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{escape(mode)}</title>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        f'<text x="{_LEFTS[0]}" y="24" font-size="15" font-weight="bold">'
        f"{escape(mode.capitalize())}</text>{''.join(body)}</svg>\n"
    )


def _point(scores: Sequence[Score], name: str) -> Curve:
    own = [s for s in scores if s.policy == name and s.attainable and s.dial == PLAIN_CHOICE]
    cost = math.exp(float(np.mean([math.log(s.usd / s.bound_usd) for s in own])))
    return Curve(name, (cost,), (float(np.mean([s.met for s in own])),), dots=True)


def _panel(left: float, title: str, axis: str, curves: Sequence[Curve]) -> str:
    if not curves:
        return ""
    low, high = 1.0, max(max(curve.x) for curve in curves) * 1.05
    scale = _SPAN / math.log(max(high / low, 1.01))

    def place(x: float, share: float) -> tuple[float, float]:
        across = left + scale * math.log(max(x, low) / low)
        return across, _BOTTOM - share * (_BOTTOM - _TOP)

    parts = [f'<text x="{left}" y="46">{escape(title)}</text>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = place(1, share)[1]
        parts.append(
            f'<line x1="{left}" x2="{left + _SPAN}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        )
    for tick in (1, 1.5, 2, 3, 5, 10, 20, 50, 100):
        if tick <= high:
            x = place(tick, 0)[0]
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}" stroke="#eee"/>'
                f'<text x="{x:.1f}" y="{_BOTTOM + 16}" text-anchor="middle">{tick:g}</text>'
            )
    parts.append(
        f'<text x="{left + _SPAN / 2}" y="{_BOTTOM + 34}" text-anchor="middle">'
        f"{escape(axis)}</text>"
    )
    for row, curve in enumerate(curves):
        parts.append(
            _curve(curve, [place(*point) for point in zip(curve.x, curve.share, strict=True)])
        )
        parts.append(_legend(curve.name, left + (row % 3) * 152, _BOTTOM + 54 + row // 3 * 16))
    return "".join(parts)


def _curve(curve: Curve, points: Sequence[tuple[float, float]]) -> str:
    colour = _COLOURS[curve.name]
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_front(points) if curve.dots else points))
    drawn = f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
    if curve.dots:
        radius = 5 if len(points) == 1 else 2.6
        drawn += "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>' for x, y in points
        )
    return drawn


def _front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what holds more than all that is cheaper; up is a smaller y."""
    front: list[tuple[float, float]] = []
    for point in sorted(points):
        if not front or point[1] < front[-1][1]:
            front.append(point)
    return front


def _legend(name: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y - 8:.1f}" width="12" height="4" fill="{_COLOURS[name]}"/>'
        f'<text x="{x + 16:.1f}" y="{y:.1f}" font-size="11">{escape(name)}</text>'
    )
