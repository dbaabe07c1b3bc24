"""Maps figures to places in a picture: axes with round ticks, lines and bands with gaps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
Series = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Axis:
    """A vertical axis from `low` at the bottom to `high` at the top of a panel.

    A horizontal one has its left end as `bottom` and its right end as `top`.
    """

    low: float
    high: float
    top: float  # place of `high`, downwards
    bottom: float  # place of `low`
    logarithmic: bool = False
    digits: int = 2  # of a place; 0 keeps the path of a fine grid short

    def at(self, value: float) -> float:
        """Return the place of a value; what is beyond the axis stands at its end."""
        low, high, x = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, x = math.log(low), math.log(high), math.log(x)
        place = self.bottom - (x - low) / (high - low) * (self.bottom - self.top)
        return round(place, self.digits)

    def ticks(self) -> list[float]:
        """Return two to five round values on the axis."""
        if not self.logarithmic:
            step = round_up((self.high - self.low) / 4)
            first = math.ceil(self.low / step * (1 - 1e-9))
            return [k * step for k in range(first, int(self.high / step * (1 + 1e-9)) + 1)]
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1,), (1, 3), (1, 2, 5)):
            found = [s * 10.0**k for k in decades for s in steps]
            found = [x for x in found if self.low <= x <= self.high]
            if len(found) >= 2:
                return found[:: -(-len(found) // 4)]
        return [self.low, self.high]


def round_up(value: float) -> float:
    """Return the next value above that is 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in _ROUND if power * step >= value * (1 - 1e-9))


def line(xs: Sequence[float], series: Series, axis: Axis) -> str:
    """Return the SVG path through a series, broken where it has no value."""
    parts = []
    for run in _runs(series):
        places = [f"{xs[i]:g} {axis.at(value):g}" for i, value in run]
        parts.append("M" + "L".join(places))
    return "".join(parts)


def band(xs: Sequence[float], low: Series, high: Series, axis: Axis) -> str:
    """Return the SVG path of the area between two series that have the same gaps."""
    parts = []
    for above, below in zip(_runs(high), _runs(low), strict=True):
        there = [f"{xs[i]:g} {axis.at(value):g}" for i, value in above]
        back = [f"{xs[i]:g} {axis.at(value):g}" for i, value in reversed(below)]
        parts.append("M" + "L".join(there + back) + "Z")
    return "".join(parts)


def relative(path: str) -> str:
    """Return a path of whole numbers with steps instead of places: two thirds as long."""
    parts = []
    for run in path.split("M")[1:]:
        places = [(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", run)]
        steps = [
            f"{x - before_x} {y - before_y}" for (before_x, before_y), (x, y) in pairwise(places)
        ]
        close = "z" if run.endswith("Z") else ""
        parts.append(f"M{places[0][0]} {places[0][1]}l{' '.join(steps)}{close}")
    return "".join(parts).replace(" -", "-")


def _runs(series: Series) -> Iterator[list[tuple[int, float]]]:
    """Yield the stretches without a gap, as (position, value)."""
    run: list[tuple[int, float]] = []
    for i, value in enumerate(series):
        if value is not None:
            run.append((i, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
