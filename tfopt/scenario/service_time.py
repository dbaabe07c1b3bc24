"""Infers the CPU time of one request from how busy a group was at which request rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfopt_sim.types import FloatArray

_RESAMPLES = 1000
_LEAST_BLOCKS = 8
_LEAST_POINTS = 12
_LEAST_SPREAD = 0.1  # of the rate, relative to its mean: below, no line can be drawn
_HUBER = 1.345  # residuals beyond so many deviations count less: 95 % efficient on a normal


class UnrelatedError(Exception):
    """Rate and CPU do not go together; the message says how far."""


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """CPU time of one request with all vCPUs busy, and the 95 % interval of it."""

    cpu_s: float
    low_s: float
    high_s: float
    idle: float | None  # share of each vCPU that is busy without requests; None: cannot be told
    explained: float  # share of the variance of the work that the rate explains

    @property
    def capacity_s(self) -> float:
        """vCPU-seconds that stand for one request where nothing else keeps vCPUs busy.

        Its inverse is what a saturated vCPU serves beside its idle load.
        """
        return self.cpu_s / (1.0 - (self.idle or 0.0))


def infer_service_time(work: FloatArray, rate: FloatArray, steps_per_day: float) -> ServiceTime:
    """Fit work = idle + rate × CPU time, robustly, by Huber's M-estimate.

    The interval is a bootstrap over blocks of a day (shorter ones where there are under eight),
    since neighbouring steps err alike. Where the rate hardly varies, the idle load cannot be told
    apart and counts as the requests'.

    Args:
        work: share of a vCPU's saturated work done, per step; saturated steps left out.
        rate: requests/s per vCPU of the same steps; NaN in either leaves the step out.
        steps_per_day: length of a block.

    Raises:
        UnrelatedError: too few steps, or CPU does not rise with the rate.
    """
    known = np.isfinite(work) & np.isfinite(rate)
    work, rate = work[known], rate[known]
    if work.size < _LEAST_POINTS or not rate.any():
        raise UnrelatedError(f"only {work.size} steps have both")
    level = rate.std() >= _LEAST_SPREAD * rate.mean()
    line, weight, scale = _robust_line(rate, work, level)
    block = max(1, round(min(steps_per_day, work.size / _LEAST_BLOCKS)))
    slopes = _resampled_slopes(rate, work, line, scale, block, level)
    low, high = line[1] + _few_blocks(-(-work.size // block)) * (
        np.quantile(slopes, [0.025, 0.975]) - line[1]
    )
    left = np.sum(weight * (work - line[0] - line[1] * rate) ** 2)
    total = np.sum(weight * (work - np.average(work, weights=weight)) ** 2)
    explained = 1.0 - float(left / total) if level and total > 0 else 1.0
    if low <= 0.0 or line[0] >= 0.9:
        raise UnrelatedError(f"the rate explains {max(explained, 0.0):.0%} of how CPU varies")
    return ServiceTime(line[1], float(low), float(high), line[0] if level else None, explained)


def _few_blocks(blocks: int) -> float:
    """Return how much wider an interval over so many blocks is than over many (Student's t)."""
    freedom = blocks - 1
    return float(np.sqrt(blocks / freedom) * (1.0 + 1.21 / freedom))


def _robust_line(
    rate: FloatArray, work: FloatArray, level: bool
) -> tuple[FloatArray, FloatArray, float]:
    """Return height (≥ 0, and 0 unless `level`) and slope, the steps' weights, the deviation."""
    weight = np.ones(work.size)
    for _ in range(30):
        line = _weighted_line(rate, work, weight, level)
        off = np.abs(work - line[0] - line[1] * rate)
        scale = max(1.4826 * float(np.median(off)), 1e-9)
        weight = np.minimum(1.0, _HUBER * scale / np.maximum(off, 1e-12))
    return line, weight, scale


def _weighted_line(
    rate: FloatArray, work: FloatArray, weight: FloatArray, level: bool
) -> FloatArray:
    """Return height ≥ 0 and slope of the weighted least-squares line."""
    if level:
        mean_rate, mean_work = np.average(rate, weights=weight), np.average(work, weights=weight)
        off = rate - mean_rate
        slope = np.sum(weight * off * (work - mean_work)) / np.sum(weight * off**2)
        height = mean_work - slope * mean_rate
        if height > 0:
            return np.array([height, slope])
    return np.array([0.0, np.sum(weight * rate * work) / np.sum(weight * rate**2)])


def _resampled_slopes(
    rate: FloatArray, work: FloatArray, line: FloatArray, scale: float, block: int, level: bool
) -> FloatArray:
    """Return the slope of each resample of the blocks, one Newton step from the estimate.

    The step solves H·δ = g with g = Σ ψ(r)·(1, x) and H = Σ ψ′(r)·(1, x)(1, x)ᵀ over the resampled
    steps; where it makes the height negative, the height is held at 0.
    """
    off = work - line[0] - line[1] * rate
    pull = np.clip(off, -_HUBER * scale, _HUBER * scale)
    inside = (np.abs(off) <= _HUBER * scale).astype(np.float64)
    terms = (inside, inside * rate, inside * rate**2, pull, pull * rate)
    starts = np.arange(0, work.size, block)
    blocks = np.stack([np.add.reduceat(term, starts) for term in terms], axis=-1)
    draw = np.random.default_rng(0).integers(0, starts.size, (_RESAMPLES, starts.size))
    h_1, h_x, h_xx, g_1, g_x = np.moveaxis(blocks[draw].sum(axis=1), -1, 0)
    determinant = np.maximum(h_1 * h_xx - h_x**2, 1e-300)
    height = line[0] + (h_xx * g_1 - h_x * g_x) / determinant
    moved = np.where(level & (height > 0), height, 0.0) - line[0]
    return np.asarray(line[1] + (g_x - h_x * moved) / np.maximum(h_xx, 1e-300))
