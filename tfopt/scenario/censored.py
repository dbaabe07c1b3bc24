"""Puts back, as far as that can be known, the demand that a saturated group could not show."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.types import Demand, FloatArray

_ROUNDS = 5
_LEAST_SPREAD = 0.1  # of log demand around its hour
_MOST = 3.0  # times what was seen: beyond, nothing measured supports a figure
_NORMAL = NormalDist()


def with_hidden_demand(demand: Demand, hidden: NDArray[np.bool_]) -> Demand:
    """Return the series with each hidden step drawn from what lies above what was seen.

    What was seen in a hidden step is a lower bound. Demand around the level of its hour of the week
    is taken as log-normal, level and spread fitted with the bounds in (a Tobit model, by stochastic
    expectation–maximisation); one quantile is drawn for each stretch of hidden steps, because a
    surge lasts. Draws come from a fixed seed: the same input gives the same series.

    Args:
        demand: with lower bounds at the hidden steps; returned as it is where none is hidden.
        hidden: shape of `demand.rps`.
    """
    seen = demand.rps
    usable = np.isfinite(seen) & (seen > 0)
    hidden = hidden & usable
    if not hidden.any():
        return demand
    bound = np.log(np.where(usable, seen, 1.0))
    quantile = _one_draw_per_stretch(hidden)
    hour = _hours_of_week(demand)
    log = bound.copy()
    for _ in range(_ROUNDS):
        level, spread = _levels(log, usable, hour)
        log[hidden] = _above(bound[hidden], level[hidden], spread, quantile[hidden])
    rps = np.where(hidden, np.clip(np.exp(log), seen, _MOST * seen), seen)  # exp ∘ log rounds
    return Demand(demand.start, demand.step_s, rps)


def _hours_of_week(demand: Demand) -> NDArray[np.intp]:
    epoch_s = demand.start.timestamp() + np.arange(demand.rps.size) * demand.step_s
    return np.asarray((epoch_s // 3600 % 168).astype(np.intp))


def _one_draw_per_stretch(hidden: NDArray[np.bool_]) -> FloatArray:
    """Return a uniform draw for each step, the same within each stretch of hidden steps."""
    starts = hidden & ~np.concatenate(([False], hidden[:-1]))
    draws = np.random.default_rng(0).random(int(starts.sum()) + 1)
    return np.asarray(draws[np.cumsum(starts)])


def _levels(
    log: FloatArray, usable: NDArray[np.bool_], hour: NDArray[np.intp]
) -> tuple[FloatArray, float]:
    """Return the mean of each step's hour of the week, and the spread around it."""
    count = np.bincount(hour[usable], minlength=168)
    total = np.bincount(hour[usable], weights=log[usable], minlength=168)
    level = (total / np.maximum(count, 1))[hour]
    return level, max(float(np.std(log[usable] - level[usable])), _LEAST_SPREAD)


def _above(bound: FloatArray, level: FloatArray, spread: float, quantile: FloatArray) -> FloatArray:
    """Return that quantile of a normal distribution cut off below `bound`."""
    score = (bound - level) / spread
    below = np.array([_NORMAL.cdf(float(z)) for z in score])
    place = np.clip(below + quantile * (1.0 - below), 1e-9, 1.0 - 1e-9)
    drawn = np.array([_NORMAL.inv_cdf(float(p)) for p in place])
    return np.maximum(level + spread * drawn, bound)
