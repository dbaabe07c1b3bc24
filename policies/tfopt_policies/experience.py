"""Turns training episodes into what learning needs: cost and misses of every candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.candidates import AT_MOST, candidates
from tfopt_policies.draws import draw
from tfopt_policies.episodes import Episode
from tfopt_policies.errors import PolicyError
from tfopt_policies.observe import observe
from tfopt_policies.traces import Trace
from tfopt_sim.demand_paths import KINDS, Kind
from tfopt_sim.rollout import simulate
from tfopt_sim.types import FloatArray

Progress = Callable[[int, int, str], None]  # done, of, what
_ARRAYS = ("context", "actions", "cost", "bad", "mask")


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


def collect(
    traces: Sequence[Trace],
    episodes: int,
    seed: int,
    progress: Progress,
    *,
    kinds: Sequence[Kind] = KINDS,
    workers: int = 1,
) -> Experience:
    """Simulate every candidate of `episodes` random episodes on the week that really followed.

    Every episode has its own random numbers, so that the outcome depends on no count of workers.
    """
    live = partial(_nth, tuple(traces), tuple(kinds), seed)
    if workers <= 1:
        return _gathered(map(live, range(episodes)), episodes, progress)
    # not by fork: the parent may have threads (of torch, say) that a copy would not survive
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return _gathered(pool.map(live, range(episodes), chunksize=8), episodes, progress)


def save_experience(path: Path, experience: Experience, made_of: str) -> None:
    """Write experience as an .npz, from which learning starts without simulating again."""
    arrays = {name: getattr(experience, name) for name in _ARRAYS}
    stored = np.array(experience.series)
    np.savez_compressed(path, **arrays, series=stored, made_of=np.array(made_of))


def load_experience(path: Path, made_of: str) -> Experience | None:
    """Return what `save_experience` wrote; None where it was made of something else.

    Raises:
        PolicyError: the file cannot be read, or is none of experience.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["made_of"]) != made_of:
                return None
            arrays = {name: stored[name] for name in _ARRAYS}
            return Experience(**arrays, series=tuple(str(name) for name in stored["series"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise PolicyError("cannot read the experience", where=str(path)) from error


def _gathered(lived: Iterable[Experience], episodes: int, progress: Progress) -> Experience:
    kept = []
    for index, one in enumerate(lived):
        progress(index, episodes, "simulating")
        kept.append(one)
    progress(episodes, episodes, "simulating")
    series = tuple(name for one in kept for name in one.series)
    arrays = {name: np.concatenate([getattr(one, name) for one in kept]) for name in _ARRAYS}
    return Experience(**arrays, series=series)


def _nth(traces: tuple[Trace, ...], kinds: tuple[Kind, ...], seed: int, index: int) -> Experience:
    return _live(draw(traces, np.random.default_rng((seed, index)), kinds), index)


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
