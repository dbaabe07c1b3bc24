"""Scores quantile forecasts, and makes the seasonal-naive one they are measured against."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from tfopt_sim.types import FloatArray

LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
DAY_S = 86_400


def quantile_loss(quantiles: FloatArray, actual: FloatArray, levels: Sequence[float]) -> float:
    """Return 2 × pinball loss summed over steps, averaged over levels; NaN actuals are left out.

    Divided by Σ|actual| it is the weighted quantile loss of the M5 and GIFT-Eval benchmarks.

    Args:
        quantiles: shape (levels, steps).
        actual: shape (steps,).
        levels: the levels of `quantiles`.
    """
    known = np.isfinite(actual)
    error = actual[known] - quantiles[:, known]
    level = np.asarray(levels)[:, None]
    return float(2 * np.maximum(level * error, (level - 1) * error).sum(axis=1).mean())


def coverage(low: FloatArray, high: FloatArray, actual: FloatArray) -> float:
    """Return the share of measured steps within [low, high]."""
    known = np.isfinite(actual)
    return float(((low <= actual) & (actual <= high))[known].mean()) if known.any() else np.nan


def seasonal_naive(
    history: FloatArray, step_s: int, levels: Sequence[float], steps: int
) -> FloatArray:
    """Return last week again, with Gaussian bands as wide as its past errors, (levels, steps).

    The season is a week, or a day where the history is shorter than one; errors are those of one
    season (of one day where the history holds only one season).

    Args:
        history: gap-free, at least two days, shape (past steps,).
        step_s: grid of both history and forecast.
        levels: wanted quantile levels.
        steps: horizon.
    """
    day = DAY_S // step_s
    season = 7 * day if history.size >= 7 * day else day
    lag = season if history.size >= season + day else day
    error = history[lag:] - history[:-lag]
    sigma = float(np.sqrt(np.mean(error**2)))
    z = np.array([NormalDist().inv_cdf(level) for level in levels])
    centre = np.resize(history[-season:], steps)
    return np.asarray(np.maximum(centre + sigma * z[:, None], 0))
