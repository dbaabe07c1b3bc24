"""Estimates how demand varies inside a step of its history, and draws that variation.

A history at 5 minutes hides what its minutes did, but not how rough the series is: the roughness at
its step and at twice that step say how it changes with scale, and halving the step on and on down
to a minute adds what each scale contributes. On public traces whose minutes are known this gives
their deviation within a factor of two (`docs/forecast-table.md`).
"""

from __future__ import annotations

from math import log2

import numpy as np

from tfopt_sim.types import Demand, FloatArray

FINEST_S = 60
_PER_OCTAVE = 1.3  # variance inside a step that a halving reveals, over the roughness at that scale
_MOST_GROWTH = 4.0  # of roughness per doubling of the scale: a straight line's
_MOST_PER_OCTAVE = 0.5
_PATTERNS = 256  # as many as a byte tells apart


def inner_variances(demand: Demand) -> FloatArray:
    """Return the relative variance that each halving of the step reveals, coarse to fine.

    Empty where the step is a minute or less. What Poisson arrivals explain is left out: that noise
    is the simulator's to add.
    """
    octaves = max(round(log2(demand.step_s / FINEST_S)), 0)
    known = np.flatnonzero(np.isfinite(demand.rps))
    if not octaves or known.size < 8:
        return np.full(octaves, 0.0)
    rough = _roughness(demand.rps, demand.step_s)
    pairs = demand.rps[: demand.rps.size // 2 * 2].reshape(-1, 2).mean(axis=1)
    growth = np.clip(_roughness(pairs, 2 * demand.step_s) / max(rough, 1e-12), 1.0, _MOST_GROWTH)
    scale = growth ** -np.arange(1.0, octaves + 1)
    return np.asarray(np.minimum(_PER_OCTAVE * rough * scale, _MOST_PER_OCTAVE))


def inner_patterns(rng: np.random.Generator, variances: FloatArray, parts: int) -> FloatArray:
    """Return examples of a step's inner course, each of mean 1, shape (examples, parts).

    A cascade: half a step differs from the other, then each quarter from its neighbour, and so on.
    """
    logarithm = np.zeros((_PATTERNS, parts))
    for octave, variance in enumerate(variances, start=1):
        if 2 ** (octave - 1) >= parts:
            break  # finer than asked for
        pieces = min(2**octave, parts)
        sigma = np.sqrt(np.log1p(variance))
        piece = np.arange(parts) * pieces // parts
        logarithm += sigma * rng.standard_normal((_PATTERNS, pieces))[:, piece]
    course = np.exp(logarithm)
    return np.asarray(course / course.mean(axis=1, keepdims=True))


def inner_deviation(variances: FloatArray) -> float:
    """Return the relative standard deviation of a minute inside its step."""
    return float(np.sqrt(variances.sum()))


def _roughness(rps: FloatArray, step_s: int) -> float:
    """Return the relative variance of a step around its neighbours' mean, less Poisson noise."""
    around = (rps[:-2] + rps[2:]) / 2
    off = (rps[1:-1] - around) ** 2 / 1.5
    known = np.isfinite(off)
    if not known.any():
        return 0.0
    middle = np.abs(rps[1:-1][known])
    power = float((middle**2).mean())
    poisson = float(middle.mean()) / step_s
    # a few bursts must not speak for all steps: the largest hundredth is left out
    usual = np.minimum(off[known], np.quantile(off[known], 0.99))
    return max(float(usual.mean()) - poisson, 0.0) / max(power, 1e-300)
