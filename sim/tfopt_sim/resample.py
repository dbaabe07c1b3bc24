"""Moves demand between grids of time without changing how much work arrives."""

from __future__ import annotations

import numpy as np

from tfopt_sim.types import Demand, FloatArray


def coarsened(demand: Demand, least_step_s: int) -> Demand:
    """Return the demand averaged to steps of at least `least_step_s`; gaps stay gaps.

    A coarse step counts as measured when at least half of it was.
    """
    if demand.step_s >= least_step_s:
        return demand
    per = -(-least_step_s // demand.step_s)
    steps = max(1, demand.rps.size // per)
    rows = np.resize(demand.rps[: steps * per], steps * per).reshape(steps, per)
    known = np.isfinite(rows).sum(axis=1)
    total = np.nansum(rows, axis=1)
    mean = np.where(known * 2 >= per, total / np.maximum(known, 1), np.nan)
    return Demand(demand.start, demand.step_s * per, mean)


def resampled(paths: FloatArray, from_s: int, to_s: int) -> FloatArray:
    """Return paths (S, steps of `from_s`) on steps of `to_s`, same mean over every coarse step.

    Finer: straight lines between the middles of the steps, then each step is scaled back to its
    own mean. What happens faster than `from_s` is not invented; arrivals inside a step are
    Poisson, and that noise is the simulator's to add. Coarser: averages.

    Raises:
        ValueError: neither step is a multiple of the other.
    """
    if from_s == to_s:
        return paths
    if to_s > from_s:
        if to_s % from_s:
            raise ValueError(f"step {to_s} s is not a multiple of the history's {from_s} s")
        per = to_s // from_s
        steps = paths.shape[1] // per
        return np.asarray(paths[:, : steps * per].reshape(len(paths), steps, per).mean(axis=2))
    if from_s % to_s:
        raise ValueError(f"the history's step {from_s} s is not a multiple of {to_s} s")
    per = from_s // to_s
    padded = np.concatenate([paths[:, :1], paths, paths[:, -1:]], axis=1)
    offset = (np.arange(per) + 0.5) / per - 0.5  # place within the step, −0.5 … 0.5
    left, mid, right = padded[:, :-2, None], paths[:, :, None], padded[:, 2:, None]
    line = mid + np.where(offset < 0, (mid - left) * offset, (right - mid) * offset)
    mean = line.mean(axis=2, keepdims=True)
    line *= mid / np.where(mean > 0, mean, 1)
    return np.asarray(line.reshape(len(paths), -1))
