"""Runs the fast simulator and the request-by-request one on the same pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pairs import START, Pair

from tfopt_sim.discrete import replay
from tfopt_sim.latency import percentile_ms
from tfopt_sim.rollout import trajectory
from tfopt_sim.tables import service_of

JITTERS = 8  # seeds of the fast simulator that are averaged
TRUTHS = 5  # seeds of the truth
FEW_BAD = 0.005  # share of bad minutes up to which percentiles have to agree


@dataclass(frozen=True)
class Figures:
    """What both simulators say of one pair, by seed; the order of the columns is `NAMES`."""

    fast: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    truth: np.ndarray[tuple[int, int], np.dtype[np.float64]]


NAMES = ("p95_ms", "p99_ms", "cost_usd", "bad_share", "mean_cpu")


def figures(pair: Pair) -> Figures:
    """Simulate a pair with every seed."""
    service = service_of(pair.configuration.machine, pair.workload, pair.slo)
    group, demand, work, slo = pair.configuration, pair.demand_rps, pair.workload, pair.slo
    fast = []
    for seed in range(JITTERS):
        seen = trajectory(group, demand, work, slo, START, seed=seed)
        p95 = percentile_ms(service, seen.in_service, seen.backlog_requests, demand, 0.05)
        fast.append((p95, seen.p99_ms, seen.cost_usd, seen.extras["bad_minute_share"],
                     seen.extras["mean_cpu"]))  # fmt: skip
    truth = []
    for seed in range(TRUTHS):
        run = replay(group, demand, work, slo, START, seed=seed)
        truth.append((run.percentile_ms(0.05), run.percentile_ms(0.01), run.cost_usd,
                      run.bad_minute_share, run.cpu.mean()))  # fmt: skip
    return Figures(np.array(fast), np.array(truth))


@dataclass(frozen=True)
class Bar:
    """How far a figure may be off where the seeds of the truth agree better than that."""

    column: int
    relative: float
    absolute: float
    counts: Callable[[Figures], bool]  # whether the pair is held to it


def few_bad(found: Figures) -> bool:
    return bool(found.truth[:, 3].mean() < FEW_BAD)


BARS = {
    "p95 within 5 %": Bar(0, 0.05, 0.0, few_bad),
    "p99 within 5 %": Bar(1, 0.05, 0.0, few_bad),
    "cost within 1 %": Bar(2, 0.01, 0.0, lambda _: True),
    "bad minutes within 0.3 points": Bar(3, 0.0, 0.003, lambda _: True),
}


def error(bar: Bar, found: Figures) -> float:
    """Return the fast simulator's mean less the truth's, relative where the bar is."""
    off = float(found.fast[:, bar.column].mean() - found.truth[:, bar.column].mean())
    return off / max(float(found.truth[:, bar.column].mean()), 1e-12) if bar.relative else off


def allowed(bar: Bar, found: Figures) -> float:
    """Return the bar, or the mean difference of two seeds of the truth where that is larger."""
    column = found.truth[:, bar.column]
    pairs = TRUTHS * (TRUTHS - 1)
    spread = float(np.abs(column[:, None] - column[None, :]).sum() / pairs)
    if bar.relative:
        spread /= max(float(column.mean()), 1e-12)
    return max(bar.relative, bar.absolute, spread)
