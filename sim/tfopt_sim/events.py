"""Known events: taken out of the past so that they poison nothing, put into the future with weight.

An event is a stretch of time with a name. What the past ones did to demand, relative to the same
hours of the weeks around them, is what the next one of that name will do; or its factor is stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tfopt_sim.types import Demand, FloatArray

WEEK_S = 7 * 86_400
_UNSURE = 0.35  # relative deviation of an event's factor that was seen once, …
_STATED = 0.15  # … and of one that was stated


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch of time in which demand is not as usual: a sale, a holiday, a broadcast."""

    start: datetime  # aware
    end: datetime  # exclusive
    name: str = ""  # past events of the same name tell what the coming one will do
    factor: float | None = None  # times usual demand; None: as in past events of this name


@dataclass(frozen=True, slots=True)
class Impact:
    """What coming events do to each step ahead."""

    factor: FloatArray  # (steps known of,), 1 on ordinary steps
    variance: FloatArray  # (steps known of,), relative variance of the factor

    def over(self, steps: int) -> tuple[FloatArray, FloatArray]:
        """Return factor and variance of so many steps; beyond what is known nothing happens."""
        factor, variance = np.ones(steps), np.zeros(steps)
        known = min(steps, self.factor.size)
        factor[:known], variance[:known] = self.factor[:known], self.variance[:known]
        return factor, variance


def without_events(demand: Demand, events: Sequence[Event]) -> Demand:
    """Return the demand with a gap wherever an event took place."""
    rps = demand.rps.copy()
    for event in events:
        rps[_span(event, demand.start, demand.step_s, rps.size)] = np.nan
    return Demand(demand.start, demand.step_s, rps)


def impact(demand: Demand, events: Sequence[Event], start: datetime, steps: int) -> Impact:
    """Return what the coming events mean for the steps from `start` on.

    Raises:
        ValueError: a coming event has no factor and none of its name was measured.
    """
    factor, variance = np.ones(steps), np.zeros(steps)
    for event in events:
        span = _span(event, start, demand.step_s, steps)
        if span.start == span.stop:
            continue
        stated = event.factor
        known = _learned(demand, events, event) if stated is None else (stated, _STATED)
        factor[span], variance[span] = known[0], known[1] ** 2
    return Impact(factor, variance)


def _learned(demand: Demand, events: Sequence[Event], event: Event) -> tuple[float, float]:
    """Return the factor that past events of this name had, and how unsure it is."""
    usual = without_events(demand, events).rps
    size = usual.size
    lag = WEEK_S // demand.step_s
    ratios = []
    for past in events:
        span = _span(past, demand.start, demand.step_s, size)
        if past.name != event.name or span.start == span.stop:
            continue
        sides = [slice(span.start + shift, span.stop + shift) for shift in (-2 * lag, -lag, lag)]
        seen = [usual[s] for s in sides if s.start >= 0 and s.stop <= size]
        level = float(np.nanmean(np.concatenate(seen))) if seen else np.nan
        ratios.append(float(np.nanmean(demand.rps[span])) / level if level > 0 else np.nan)
    found = [ratio for ratio in ratios if np.isfinite(ratio)]
    if not found:
        raise ValueError(
            f"no past event named '{event.name}' was measured: state the factor of the one "
            f"that starts {event.start:%Y-%m-%d}"
        )
    return float(np.median(found)), _UNSURE / len(found) ** 0.5


def _span(event: Event, start: datetime, step_s: int, steps: int) -> slice:
    """Return the steps an event touches, clipped to what is there."""
    first = int((event.start - start).total_seconds() // step_s)
    last = -int(-(event.end - start).total_seconds() // step_s)
    return slice(min(max(first, 0), steps), min(max(last, 0), steps))
