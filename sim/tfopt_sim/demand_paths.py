"""Draws synthetic demand for training and evaluation: six kinds of workload, randomised.

Each draw is `mean × level × day × week × noise × events`. The ranges below are the domain that a
policy trained on it has seen; they are wider than the public traces.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, get_args

import numpy as np

from tfopt_sim.types import Demand, FloatArray

Kind = Literal["steady", "diurnal", "bursty", "flash", "trend", "step"]
KINDS: tuple[Kind, ...] = get_args(Kind)

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY_S = 86_400


def synthetic(
    kind: Kind,
    rng: np.random.Generator,
    days: float,
    step_s: int = 60,
    mean_rps: float = 100.0,
) -> Demand:
    """Return one random workload of a kind; the same generator state gives the same series.

    steady: little day and week, autocorrelated noise.
    diurnal: day swing 0.4–0.9 of the peak, weekends 0.3–1.1 of a working day.
    bursty: diurnal with 2–15 bursts a day, Pareto heights, minutes to an hour long.
    flash: diurnal with 1–2 crowds a week of 2–8 × the mean that last for hours.
    trend: diurnal that grows or shrinks by up to 5 % a day.
    step: diurnal whose level jumps by 0.5–2 × once or twice.

    Args:
        kind: one of `KINDS`.
        rng: source of all randomness.
        days: length of the series.
        step_s: grid of the series.
        mean_rps: mean over the series.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of demand '{kind}': choose one of {', '.join(KINDS)}")
    t = np.arange(round(days * DAY_S / step_s), dtype=np.float64) * (
        step_s / DAY_S
    )  # days since Monday
    swing = rng.uniform(0.02, 0.2) if kind == "steady" else rng.uniform(0.4, 0.9)
    log_noise = _memory(rng, t.size, rng.uniform(0.02, 0.12), rng.uniform(300, 7200), step_s)
    log_noise += _memory(rng, t.size, rng.uniform(0.0, 0.15), DAY_S, step_s)  # good and bad days
    rate = _day(rng, t, swing) * _week(rng, t, kind) * np.exp(log_noise)
    if kind == "bursty":
        rate = rate + _bursts(rng, t, step_s)
    elif kind == "flash":
        rate = rate + _crowds(rng, t)
    elif kind == "trend":
        rate = rate * np.exp(rng.uniform(-0.05, 0.05) * t)
    elif kind == "step":
        for at in rng.uniform(0, t[-1] + 1e-9, rng.integers(1, 3)):
            rate = rate * np.where(t >= at, np.exp(rng.uniform(np.log(0.5), np.log(2.0))), 1.0)
    return Demand(START, step_s, rate * (mean_rps / rate.mean()))


def _day(rng: np.random.Generator, t: FloatArray, swing: float) -> FloatArray:
    """Return a day's curve of mean 1 with a trough of `1 − swing` of the peak; two humps."""
    peak, second = rng.uniform(0, 1), rng.uniform(0.15, 0.5)
    sharp, share = rng.uniform(0.5, 3.0), rng.uniform(0, 0.6)
    hump = np.exp(sharp * (np.cos(2 * np.pi * (t - peak)) - 1))
    hump = hump + share * np.exp(2 * sharp * (np.cos(2 * np.pi * (t - peak - second)) - 1))
    low, high = hump.min(), hump.max()
    curve = 1 - swing + swing * (hump - low) / max(high - low, 1e-9)
    return np.asarray(curve / curve.mean())


def _week(rng: np.random.Generator, t: FloatArray, kind: Kind) -> FloatArray:
    """Return a factor per day of the week: weekends apart, working days nearly alike."""
    days = rng.uniform(0.95, 1.05, 7)
    days[5:] *= rng.uniform(0.95, 1.05) if kind == "steady" else rng.uniform(0.3, 1.1)
    return np.asarray(np.interp(t, np.arange(7) + 0.5, days, period=7))


def _memory(
    rng: np.random.Generator, size: int, sigma: float, memory_s: float, step_s: int
) -> FloatArray:
    """Return an AR(1) series of standard deviation `sigma` that forgets within `memory_s`."""
    keep = float(np.exp(-step_s / memory_s))
    shocks = rng.standard_normal(size) * sigma * np.sqrt(1 - keep**2)
    if size:
        shocks[0] = rng.standard_normal() * sigma
    return _recursed(shocks, keep)


def _recursed(shocks: FloatArray, keep: float) -> FloatArray:
    """Return y[t] = keep · y[t−1] + shocks[t] by doubling: log₂(size) vector passes."""
    out, reach, factor = shocks.copy(), 1, keep
    while reach < out.size and factor > 1e-12:
        out[reach:] = out[reach:] + factor * out[:-reach]
        reach, factor = reach * 2, factor * factor
    return out


def _bursts(rng: np.random.Generator, t: FloatArray, step_s: int) -> FloatArray:
    """Return bursts: Poisson starts, Pareto heights (tail index 2), exponential decay."""
    count = rng.poisson(rng.uniform(2, 15) * (t[-1] if t.size else 0))
    jumps = np.zeros(t.size)
    at = rng.integers(0, max(t.size, 1), count)
    heights = np.minimum(rng.uniform(0.1, 0.5) * (1 + rng.pareto(2.0, count)), 6.0)
    np.add.at(jumps, at, heights)
    keep = float(np.exp(-step_s / rng.uniform(180, 2400)))
    return _recursed(jumps, keep)


def _crowds(rng: np.random.Generator, t: FloatArray) -> FloatArray:
    """Return flash crowds: minutes to rise, hours to leave."""
    out = np.zeros(t.size)
    length = t[-1] if t.size else 0.0
    for at in rng.uniform(0, length, max(1, round(length / 7 * rng.uniform(1, 2)))):
        height, rise, leave = rng.uniform(2, 8), rng.uniform(2, 30) / 1440, rng.uniform(0.5, 5) / 24
        since = np.maximum(t - at, 0)
        out += height * np.clip(since / rise, 0, 1) * np.exp(-np.maximum(since - rise, 0) / leave)
    return out
