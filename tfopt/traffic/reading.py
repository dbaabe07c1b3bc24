"""Puts measured points onto a regular grid and says what had to be done to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfopt.errors import TfoptError
from tfopt.traffic.clock import Moments
from tfopt_sim.types import Demand, FloatArray

IndexArray = NDArray[np.intp]

MIN_HISTORY_S = 2 * 3600
SHORT_HISTORY_DAYS = 2.0
SATURATED_CPU = 0.97  # from here on a group may have had more work than it could show
MOST = 1e12  # requests in a second or a period: nobody has more, and sums stay exact enough
# steps people export; the way up when a series is too irregular for the step it mostly has
_STEPS_S = (1, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400)
_LEAST_FILLED = 0.5  # a grid with more holes than points is too fine
_MOST_POINTS = 20_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured series on its grid; what was odd about it stands in `notes`, ready to show."""

    demand: Demand
    source: str  # file name and what was taken from it
    notes: list[str] = field(default_factory=list)
    gaps: int = 0  # steps of the grid without a measurement
    duplicates: int = 0  # points dropped because another one stood at the same moment
    unsorted: int = 0  # points that stood before an earlier one


@dataclass(frozen=True, slots=True)
class CpuReading(Reading):
    """A CPU series on its grid: `demand.rps` holds busy instances, utilisation and not demand."""

    cpu: FloatArray = field(kw_only=True)  # share of the vCPUs that is busy, 0..1; NaN: a gap
    instances: FloatArray = field(kw_only=True)
    rps: FloatArray | None = field(kw_only=True)  # of the same steps, where the file has a rate

    @property
    def saturated(self) -> NDArray[np.bool_]:
        """Steps at which the group did all it could: what else was asked does not show."""
        return self.cpu >= SATURATED_CPU

    @property
    def saturated_share(self) -> float:
        """Share of the measured steps that are saturated."""
        return float(self.saturated.sum() / np.isfinite(self.cpu).sum())


@dataclass(frozen=True, slots=True)
class Points:
    """Points as they stand in a file; NaN where the file says that there is no value."""

    moments: Moments
    values: FloatArray


def gridded(points: Points, path: Path, source: str, notes: list[str]) -> Reading:
    """Return the points on the grid that fits them best.

    Several points in one step are averaged. Notes already taken are kept in front.

    Raises:
        TfoptError: no point, less than two hours, or nearly nothing between first and last.
    """
    times, values, duplicates, backwards = _in_order(points, path)
    step = _step_of(times)
    _refuse_short(times, step, path)
    first, index = _snapped(times, step)
    size = int(index[-1]) + 1
    if size > _MOST_POINTS or index.size < 0.02 * size:
        raise TfoptError(
            f"only {times.size} points between {_utc(times[0]):%Y-%m-%d} and "
            f"{_utc(times[-1]):%Y-%m-%d}: too sparse to forecast from",
            where=path,
            hint="Check the first and last timestamps",
        )
    total = np.bincount(index, weights=values, minlength=size)
    count = np.bincount(index, minlength=size)
    rps = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    demand = Demand(_utc(first), step, rps)
    gaps = int((count == 0).sum())
    said = [
        *notes,
        *_clock_notes(points.moments, backwards, duplicates),
        *_order_notes(backwards, duplicates),
        *_grid_notes(times, demand, gaps),
    ]
    return Reading(demand, source, said, gaps, duplicates, backwards)


def _in_order(points: Points, path: Path) -> tuple[FloatArray, FloatArray, int, int]:
    """Return times, values, how many moments stood twice, how many went backwards."""
    known = np.isfinite(points.values)
    times, values = points.moments.epoch_s[known], points.values[known]
    if times.size < 2:
        raise TfoptError(f"holds {times.size} measured points", where=path, hint=_AT_LEAST)
    falling = int((np.diff(times) < 0).sum())
    rising = int((np.diff(times) > 0).sum())
    if falling > rising:  # newest first is an order too
        times, values, falling = times[::-1], values[::-1], rising
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    unique, where, count = np.unique(times, return_inverse=True, return_counts=True)
    mean = np.bincount(where, weights=values) / count
    return unique, mean, int(times.size - unique.size), falling


_AT_LEAST = "A forecast needs at least two hours"


def _step_of(times: FloatArray) -> int:
    """Return the step that most neighbours have, or a coarser one that most steps can fill."""
    if times.size < 2:
        return 60
    apart = np.maximum(np.round(np.diff(times)), 1).astype(np.int64)
    steps, count = np.unique(apart, return_counts=True)
    step = int(steps[count.argmax()])
    if count.max() < 0.5 * apart.size:  # no step that most share: the usual one at or above
        middle = float(np.median(apart))
        step = next((s for s in _STEPS_S if s >= middle * 0.9), _STEPS_S[-1])
    span = times[-1] - times[0]
    while True:
        filled = np.unique(np.floor((times - times[0]) / step)).size / (span / step + 1)
        coarser = next((s for s in _STEPS_S if s > step), None)
        if filled >= _LEAST_FILLED or coarser is None or coarser > 3600:
            return step
        step = coarser


def _refuse_short(times: FloatArray, step: int, path: Path) -> None:
    span = float(times[-1] - times[0]) + step
    if span < MIN_HISTORY_S or times.size < 3:
        raise TfoptError(
            f"covers {span / 60:.0f} min in {times.size} points", where=path, hint=_AT_LEAST
        )


def _snapped(times: FloatArray, step: int) -> tuple[float, IndexArray]:
    """Return the grid's first moment and each point's step, allowing for jitter."""
    angle = times % step * (2 * np.pi / step)  # the phase is a circle: average it as one
    phase = float(np.angle(np.exp(1j * angle).mean())) * step / (2 * np.pi)
    first = float(np.round((times[0] - phase) / step) * step + np.round(phase))
    index = np.round((times - first) / step).astype(np.intp)
    if index[0]:  # the first point stood more than half a step off
        first, index = first + float(index[0]) * step, index - index[0]
    return first, index


def _clock_notes(moments: Moments, backwards: int, duplicates: int) -> list[str]:
    if moments.relative:
        return ["timestamps count from an unknown moment: the days of the week are unknown too"]
    if not moments.naive:
        return []
    notes = ["timestamps name no time zone: taken as UTC"]
    fall = -np.diff(moments.epoch_s)
    if backwards and duplicates and bool(((fall > 0) & (fall <= 3600)).any()):
        notes.append(
            "one hour stands twice, as when daylight saving ends: its values are averaged; "
            "export with UTC offsets to keep both"
        )
    return notes


def _order_notes(backwards: int, duplicates: int) -> list[str]:
    notes = []
    if backwards:
        notes.append(f"{backwards} rows out of order: sorted")
    if duplicates:
        notes.append(f"{duplicates} rows at a moment seen before: averaged")
    return notes


def _grid_notes(times: FloatArray, demand: Demand, gaps: int) -> list[str]:
    notes = []
    place = (times - times[0]) / demand.step_s
    if float((np.abs(place - np.round(place)) > 0.05).mean()) > 0.01:
        notes.append(f"irregular timestamps: averaged onto a grid of {demand.step_s} s")
    if gaps:
        share = gaps / demand.rps.size
        notes.append(f"{gaps} of {demand.rps.size} steps missing ({share:.1%}): left as gaps")
    if demand.days < SHORT_HISTORY_DAYS:
        notes.append(
            f"only {demand.days * 24:.1f} h of history: no two days to compare, "
            "intervals are widened"
        )
    elif demand.days < 7:
        notes.append(f"{demand.days:.1f} days of history: weekdays cannot be told apart")
    return notes


def _utc(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
