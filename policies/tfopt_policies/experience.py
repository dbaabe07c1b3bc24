"""Turns training episodes into what learning needs: cost and misses of every candidate."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.candidates import AT_MOST, candidates
from tfopt_policies.draws import draw
from tfopt_policies.episodes import Episode
from tfopt_policies.observe import observe
from tfopt_policies.traces import Trace
from tfopt_sim.rollout import simulate
from tfopt_sim.types import FloatArray

MAX_WORKERS = 8
Progress = Callable[[int, int, str], None]  # done, of, what


@dataclass(frozen=True, slots=True)
class Experience:
    """N episodes of up to `AT_MOST` candidates; what is beyond an episode's own count is masked.

    Traffic is exogenous, so the real future tells the reward of every candidate, not only of the
    one a policy would have taken.
    """

    context: FloatArray  # (N, context features)
    actions: FloatArray  # (N, AT_MOST, action features)
    cost: FloatArray  # (N, AT_MOST), relative to the episode's reference cost
    bad: FloatArray  # (N, AT_MOST), bad minutes relative to the allowance; 1 is the limit
    mask: FloatArray  # (N, AT_MOST), 1 where there is a candidate
    series: tuple[str, ...]  # (N,)

    def take(self, rows: NDArray[np.int64]) -> Experience:
        """Return the episodes of the given row numbers."""
        series = tuple(self.series[int(row)] for row in rows)
        return Experience(
            self.context[rows],
            self.actions[rows],
            self.cost[rows],
            self.bad[rows],
            self.mask[rows],
            series,
        )


def collect(traces: Sequence[Trace], episodes: int, seed: int, progress: Progress) -> Experience:
    """Simulate every candidate of `episodes` random episodes on the week that really followed."""
    workers = min(MAX_WORKERS, os.cpu_count() or 1)
    lived: list[Experience] = []
    with ProcessPoolExecutor(workers, initializer=_remember, initargs=(list(traces),)) as pool:
        jobs = [(seed, index) for index in range(episodes)]
        for one in pool.map(_lived, jobs, chunksize=8):
            progress(len(lived), episodes, "simulating")
            lived.append(one)
    progress(episodes, episodes, "simulating")
    return Experience(
        np.concatenate([one.context for one in lived]),
        np.concatenate([one.actions for one in lived]),
        np.concatenate([one.cost for one in lived]),
        np.concatenate([one.bad for one in lived]),
        np.concatenate([one.mask for one in lived]),
        tuple(name for one in lived for name in one.series),
    )


_traces: list[Trace] = []  # of a worker process


def _remember(traces: list[Trace]) -> None:
    _traces[:] = traces


def _lived(job: tuple[int, int]) -> Experience:
    """Live through one episode; its number and the seed alone decide which."""
    return _live(draw(_traces, np.random.default_rng(job)), job[1])


def _live(episode: Episode, seed: int) -> Experience:
    problem = episode.problem
    wanted = candidates(problem)
    seen = observe(problem, wanted)
    outcome = simulate(
        wanted,
        episode.future_rps[None, :],
        workload=problem.workload,
        slo=problem.slo,
        start=problem.model.start,
        seed=seed,
    )
    weeks = outcome.hours / (7 * 24)
    cost = outcome.cost_usd[:, 0] / (seen.reference_usd * weeks)
    bad = outcome.bad_minute_share[:, 0] / problem.slo.max_bad_minutes
    return Experience(
        seen.context[None],
        _padded(seen.actions),
        _padded(cost),
        _padded(bad),
        _padded(np.ones(len(wanted))),
        (episode.trace,),
    )


def _padded(column: FloatArray) -> FloatArray:
    full = np.zeros((1, AT_MOST, *column.shape[1:]))
    full[0, : column.shape[0]] = column
    return full
