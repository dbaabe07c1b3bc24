"""Moves demand between grids of time without changing how much work arrives."""

from __future__ import annotations

import numpy as np

from tfopt_sim.types import Demand, FloatArray

DAY_S = 86_400


def day_grid(demand: Demand, least_step_s: int) -> Demand:
    """Return the demand on a step that divides the day and is at least `least_step_s`.

    A coarse step counts as measured when at least half of it was; other gaps stay gaps.
    """
    step = max(demand.step_s, least_step_s)
    step = next((s for s in range(step, DAY_S // 2 + 1) if DAY_S % s == 0), DAY_S)
    if step == demand.step_s:
        return demand
    short = -(-step // demand.step_s) - demand.rps.size  # less than one step: a gap makes it whole
    rps = np.concatenate([demand.rps, np.full(max(short, 0), np.nan)])
    known = np.isfinite(rps)
    both = np.stack([np.where(known, rps, 0.0), known.astype(np.float64)])
    total, share = _rebinned(both, demand.step_s, step)
    mean = np.where(share >= 0.5, total / np.maximum(share, 1e-9), np.nan)
    return Demand(demand.start, step, mean)


def resampled(
    paths: FloatArray, from_s: int, to_s: int, inner: FloatArray | None = None
) -> FloatArray:
    """Return paths (S, steps of `from_s`) on steps of `to_s`, same mean over every coarse step.

    Finer: straight lines between the middles of the steps, times the inner course of each step,
    then each step is scaled back to its own mean. Arrivals inside a step are Poisson, and that
    noise is the simulator's to add. Coarser: averages.

    Args:
        paths: rates, shape (S, steps).
        from_s: their step.
        to_s: the wanted step.
        inner: relative course inside each coarse step, shape (S, steps, from_s / to_s); used only
            where `to_s` divides `from_s`. Without it demand runs smoothly.
    """
    if from_s == to_s:
        return paths
    if from_s % to_s:
        return _rebinned(paths, from_s, to_s)
    per = from_s // to_s
    padded = np.concatenate([paths[:, :1], paths, paths[:, -1:]], axis=1)
    rise = np.diff(padded, axis=1)
    before, after = rise[:, :-1], rise[:, 1:]
    offset = (np.arange(per) + 0.5) / per - 0.5  # place within the step, −0.5 … 0.5
    out = np.empty((*paths.shape, per))
    for sub, place in enumerate(offset):
        np.multiply(before if place < 0 else after, place, out=out[:, :, sub])
    out += paths[:, :, None]
    if inner is not None:
        out *= inner
        mean = out.mean(axis=2)
    else:  # the two half lines bend at the middle: their mean is off by this much
        mean = paths + (after - before) * (offset[offset > 0].sum() / per)
    out *= (paths / np.where(mean > 0, mean, 1.0))[:, :, None]
    return out.reshape(len(paths), -1)


def _rebinned(paths: FloatArray, from_s: int, to_s: int) -> FloatArray:
    """Return means over steps of `to_s`, whatever the ratio, from the running integral."""
    steps = paths.shape[1] * from_s // to_s
    integral = np.concatenate([np.zeros((len(paths), 1)), paths.cumsum(axis=1)], axis=1)
    edge = np.arange(steps + 1) * (to_s / from_s)
    low = np.minimum(edge.astype(np.intp), paths.shape[1] - 1)
    at = integral[:, low] + (edge - low) * paths[:, low]
    return np.asarray(np.diff(at, axis=1) * (from_s / to_s))
