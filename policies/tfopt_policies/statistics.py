"""Statistics for few, unlike tasks: how results are told so that luck does not pass for skill.

After Agarwal et al., Deep reinforcement learning at the edge of the statistical precipice, NeurIPS
2021. Scores are costs: less is better. Axis 0 is runs (seeds), axis 1 tasks (traces).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfopt_sim.types import FloatArray

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its bootstrap 95 % interval."""

    value: float
    low: float
    high: float


def interquartile_mean(scores: FloatArray) -> float:
    """Return the mean of the middle half of all runs and tasks (their weights cut at the edges)."""
    flat = np.sort(np.asarray(scores, dtype=np.float64).ravel())
    edges = np.linspace(0.0, 1.0, flat.size + 1)
    inside = np.clip(np.minimum(edges[1:], 0.75) - np.maximum(edges[:-1], 0.25), 0.0, None)
    return float((flat * inside).sum() / inside.sum())


def bootstrapped(
    scores: FloatArray, statistic: Callable[[FloatArray], float], seed: int = 0
) -> Estimate:
    """Return a statistic of (runs, tasks) and its interval.

    Runs are resampled within each task (stratified) where there are several, else the tasks are.
    """
    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    runs, tasks = table.shape
    rng = np.random.default_rng(seed)
    drawn = np.empty(DRAWS)
    for draw in range(DRAWS):
        if runs > 1:
            picks = rng.integers(0, runs, table.shape)
            drawn[draw] = statistic(np.take_along_axis(table, picks, axis=0))
        else:
            drawn[draw] = statistic(table[:, rng.integers(0, tasks, tasks)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(statistic(table), float(low), float(high))


def probability_of_improvement(ours: FloatArray, theirs: FloatArray) -> float:
    """Return the mean over tasks of P(our run costs less than theirs), ties counting half."""
    own, other = np.atleast_2d(ours)[:, None, :], np.atleast_2d(theirs)[None, :, :]
    return float(((own < other) + 0.5 * (own == other)).mean())


def performance_profile(scores: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the share of runs and tasks that cost at most each level, the shape of `levels`."""
    flat = np.asarray(scores, dtype=np.float64).ravel()
    return np.asarray((flat[None, :] <= np.asarray(levels)[:, None]).mean(axis=1))


def conditional_value_at_risk(values: FloatArray, share: float = 0.05) -> float:
    """Return the mean of the worst (largest) `share` of the values.

    Rockafellar and Uryasev, Optimization of conditional value-at-risk, 2000.
    """
    flat = np.sort(np.asarray(values, dtype=np.float64).ravel())[::-1]
    wanted = share * flat.size
    weights = np.clip(wanted - np.arange(flat.size), 0.0, 1.0)
    return float((flat * weights).sum() / weights.sum())


def sign_flip_p(differences: FloatArray, seed: int = 0) -> float:
    """Return the two-sided p-value that paired differences are centred on 0.

    All sign patterns up to twelve pairs, else ten thousand random ones; the observed one counts.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.size <= 12:
        codes = np.arange(2**values.size)
        signs = 1.0 - 2.0 * ((codes[:, None] >> np.arange(values.size)) & 1)
    else:
        rng = np.random.default_rng(seed)
        signs = np.vstack((np.ones(values.size), rng.choice([-1.0, 1.0], (9_999, values.size))))
    means = np.abs(signs @ values)
    return float(np.mean(means >= means[0] - 1e-12))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected for how many are tested (Holm, 1979), in the order given."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    corrected: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * p_values[name]))
        corrected[name] = largest
    return {name: corrected[name] for name in p_values}


def matched_log_cost(
    held: Sequence[float], log_cost: Sequence[float], wanted: float
) -> float | None:
    """Return the log cost at which a dial holds a share `wanted` of the weeks.

    The cheapest way up the dial: what holds less at more cost is left out, between the rest the
    cost is read linearly. None where no position holds as much.
    """
    order = np.argsort(log_cost)
    front: list[tuple[float, float]] = []
    for index in order:
        if not front or held[index] > front[-1][0]:
            front.append((float(held[index]), float(log_cost[index])))
    if front[-1][0] < wanted:
        return None
    shares, costs = zip(*front, strict=True)
    return float(np.interp(wanted, shares, costs))
