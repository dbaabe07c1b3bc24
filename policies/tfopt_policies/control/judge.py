"""Judges controllers and their rivals on days that nobody trained on, in the exact simulator.

All meet the same demand, boots and arrivals. Everyone has a dial: the SLO price, for controllers at
the helm and for rules at calibration; costs are compared where the bad minutes are the same.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import partial

import numpy as np

from tfopt_policies.bound import bounded
from tfopt_policies.control.controller import Controller
from tfopt_policies.control.groups import (
    DAYS,
    HISTORY,
    Groups,
    draw_service,
    synthetic_groups,
    trace_groups,
)
from tfopt_policies.control.outlook import DAY
from tfopt_policies.control.rollout import Flown, fly, follow
from tfopt_policies.control.rules import FAMILIES, chosen, replayed
from tfopt_policies.control.staffing import calibrated
from tfopt_policies.episodes import HELD_OUT, split
from tfopt_policies.traces import Trace
from tfopt_sim.controlled import BAD, BILLED, LAUNCHED, SLOW
from tfopt_sim.demand_paths import KINDS
from tfopt_sim.types import FloatArray

DIALS = tuple(float(x) for x in np.linspace(-2.0, 6.0, 11))  # log SLO prices
ALLOWED = 0.01  # bad minutes of a day: what the clairvoyant may leave unserved
NEAR = (0.001, 0.03)  # bad minutes between which costs are compared
LEVELS = 5
STAFFING, STAFFING_HELD = "sqrt-staffing", "sqrt-staffing + hold"
MAX_WORKERS = 8
_JUDGE_SEED = 70_000
_DRAWS = 1000
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class ControlScore:
    """What one arm did with one group on its judged day, at one position of its dial."""

    arm: str
    seed: int
    dial: float  # log SLO price
    demand: str  # kind or trace
    unseen: bool  # the trace, or a synthetic kind with a fresh seed
    group: int
    usd: float
    bound_usd: float
    slow_share: float
    bad_minute_share: float
    launches: float


@dataclass(frozen=True, slots=True)
class Task:
    """Groups to be judged on."""

    demand: str
    unseen: bool
    groups: Groups


def synthetic_tasks(blocks: int, count: int, seed: int = 0) -> list[Task]:
    """Return `blocks` blocks of `count` groups of every kind, of draws that no training makes."""
    tasks = []
    for index, kind in enumerate(KINDS):
        for block in range(blocks):
            rng = np.random.default_rng((_JUDGE_SEED, seed, index, block))
            workload, slo = draw_service(rng)
            size = float(np.exp(rng.uniform(np.log(4), np.log(200))))
            groups = synthetic_groups(rng, kind, count, workload, slo, size)
            tasks.append(Task(kind, True, groups))
    return tasks


def trace_tasks(traces: Sequence[Trace], at_most: int, seed: int = 0) -> list[Task]:
    """Return the last days of every trace that is outside training, `at_most` of each."""
    tasks = []
    for index, trace in enumerate(traces):
        rng = np.random.default_rng((_JUDGE_SEED, seed, 100 + index))
        workload, slo = draw_service(rng)
        size = float(np.exp(rng.uniform(np.log(4), np.log(200))))
        found = trace_groups(trace, split(trace), workload, slo, size, at_most)
        if found is not None:
            tasks.append(Task(trace.name, trace.name in HELD_OUT, found))
    return tasks


def judge(
    tasks: Sequence[Task],
    controllers: Mapping[str, Sequence[Controller]],
    progress: Progress,
    dials: Sequence[float] = DIALS,
) -> list[ControlScore]:
    """Return the scores of all controllers (an arm's seeds in order) and calibrated rules."""
    scores: list[ControlScore] = []
    workers = min(MAX_WORKERS, os.cpu_count() or 1, len(tasks))
    with ProcessPoolExecutor(workers) as pool:
        job = partial(_judged, controllers=controllers, dials=tuple(dials))
        for done, (task, found) in enumerate(zip(tasks, pool.map(job, tasks), strict=True)):
            progress(done, len(tasks), f"{task.demand}, {len(task.groups.names)} groups")
            scores += found
    progress(len(tasks), len(tasks), "done")
    return scores


def _judged(
    task: Task, controllers: Mapping[str, Sequence[Controller]], dials: Sequence[float]
) -> list[ControlScore]:
    bound = _bound_usd(task.groups)
    return [
        score
        for arm, seed, dial, flown in _arms(task.groups, controllers, dials)
        for score in _scores(task, bound, flown, arm=arm, seed=seed, dial=dial)
    ]


def _arms(
    groups: Groups, controllers: Mapping[str, Sequence[Controller]], dials: Sequence[float]
) -> Iterator[tuple[str, int, float, FloatArray]]:
    """Yield arm, seed, dial and, per group, instance-minutes, slow and bad share, launches."""
    count = len(groups.names)
    family = {name: replayed(groups, make) for name, make in FAMILIES.items()}
    for dial in dials:
        prices = np.full(count, dial)
        for name, plain in ((STAFFING, True), (STAFFING_HELD, False)):
            capacity = calibrated(groups, prices, plain=plain)[:, HISTORY - DAY :]
            yield name, 0, dial, _tallied(groups, follow(groups, capacity, HISTORY, seed=2))
        for name, replays in family.items():
            yield name, 0, dial, chosen(groups, replays, prices)
    stacked, prices = groups.repeated(len(dials)), np.repeat(np.asarray(dials), count)
    for arm, seeds in controllers.items():
        for seed, controller in enumerate(seeds):
            flown = fly(stacked, controller.pilot(stacked, prices), HISTORY, DAYS * DAY, seed=2)
            table = _flown(flown).reshape(len(dials), count, -1)
            for dial, rows in zip(dials, table, strict=True):
                yield arm, seed, dial, rows


def _tallied(groups: Groups, tally: FloatArray) -> FloatArray:
    rps = groups.rps[:, HISTORY:]
    slow = tally[:, SLOW] / np.maximum(60 * rps.sum(axis=1), 1e-9)
    bad = tally[:, BAD] / rps.shape[1]
    return np.column_stack((tally[:, BILLED], slow, bad, tally[:, LAUNCHED]))


def _flown(flown: Flown) -> FloatArray:
    return np.column_stack(
        (flown.instance_minutes, flown.slow_share, flown.bad_minute_share, flown.launches)
    )


def _bound_usd(groups: Groups) -> FloatArray:
    needed = np.maximum(np.ceil(groups.need(groups.rps[:, HISTORY:]) - 1e-6), 1).astype(np.int64)
    allowed = np.full(needed.shape[0], ALLOWED * needed.shape[1])
    minutes = bounded(needed, groups.workload.boot_s / 60, allowed)
    return np.asarray(minutes / 60 * groups.machine.usd_per_hour)


def _scores(
    task: Task, bound: FloatArray, rows: FloatArray, *, arm: str, seed: int, dial: float
) -> list[ControlScore]:
    price = task.groups.machine.usd_per_hour / 60
    return [
        ControlScore(
            arm, seed, dial, task.demand, task.unseen, group,
            float(row[0] * price), float(bound[group]), *(float(value) for value in row[1:]),
        )
        for group, row in enumerate(rows)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matched:
    """How much one arm costs of what another does, at the same bad minutes."""

    demand: str
    ratio: float
    low: float  # 95 % interval, resampling groups
    high: float
    p_value: float  # two-sided, from the bootstrap
    levels: int  # of bad minutes at which both could be compared


def matched(
    scores: Sequence[ControlScore], arm: str, rival: str, demands: Sequence[str], seed: int = 0
) -> Matched:
    """Compare two arms at equal bad minutes, pooled over the groups of some kinds or traces.

    Each arm's mean cost ÷ bound is read off its curve over the dial at `LEVELS` of mean bad
    minutes, where both curves reach; kinds weigh alike.
    """
    ours, theirs = _tables(scores, arm, demands), _tables(scores, rival, demands)
    rng = np.random.default_rng(seed)
    picks = [rng.integers(0, one.shape[2], (_DRAWS, one.shape[2])) for one in ours]
    logs = _log_ratio(ours, theirs, [np.arange(one.shape[2]) for one in ours])
    drawn = [_log_ratio(ours, theirs, [pick[draw] for pick in picks])[0] for draw in range(_DRAWS)]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    name = demands[0] if len(demands) == 1 else "all"
    ratio, lowest, highest = (float(np.exp(x)) for x in (logs[0], low, high))
    known = np.array(drawn)[np.isfinite(drawn)]
    above = (np.sum(known >= 0) + 1) / (known.size + 1)
    p_value = float(min(1.0, 2 * min(above, 1 - above + 1 / (known.size + 1))))
    return Matched(name, ratio, lowest, highest, p_value, logs[1])


def seed_of(scores: Sequence[ControlScore], arm: str, seed: int) -> list[ControlScore]:
    """Return the scores with one seed alone of an arm."""
    return [score for score in scores if score.arm != arm or score.seed == seed]


_Day = tuple[float, int, float]  # dial, group, its bound


def _tables(scores: Sequence[ControlScore], arm: str, demands: Sequence[str]) -> list[FloatArray]:
    """Return cost ÷ bound and bad share of each demand, (2, dials, groups), means over seeds."""
    found: dict[str, dict[_Day, list[tuple[float, float]]]] = {demand: {} for demand in demands}
    for score in scores:  # once for all demands: there are many scores
        if score.arm == arm and score.demand in found:
            key = (score.dial, score.group, score.bound_usd)
            told = (score.usd / score.bound_usd, score.bad_minute_share)
            found[score.demand].setdefault(key, []).append(told)
    return [_table(found[demand]) for demand in demands]


def _table(found: Mapping[_Day, Sequence[tuple[float, float]]]) -> FloatArray:
    by_dial: dict[float, list[Sequence[tuple[float, float]]]] = {}
    for key in sorted(found):
        by_dial.setdefault(key[0], []).append(found[key])
    rows = np.array(list(by_dial.values())).mean(axis=2)  # every day was judged with every seed
    return np.moveaxis(rows, 2, 0)


def _log_ratio(
    ours: Sequence[FloatArray], theirs: Sequence[FloatArray], picks: Sequence[np.ndarray]
) -> tuple[float, int]:
    ratios, levels = [], 0
    for own, other, pick in zip(ours, theirs, picks, strict=True):
        gaps = _gaps(own[:, :, pick].mean(axis=2), other[:, :, pick].mean(axis=2))
        levels += len(gaps)
        if gaps:
            ratios.append(float(np.mean(gaps)))
    return (float(np.mean(ratios)) if ratios else float("nan")), levels


def _gaps(own: FloatArray, other: FloatArray) -> list[float]:
    """Return the log cost ratios at bad minutes that both curves, (2, dials), reach."""
    low = max(own[1].min(), other[1].min())
    high = min(own[1].max(), other[1].max())
    if low >= high:
        return []
    near = (max(low, NEAR[0]), min(high, NEAR[1]))  # around the limit, where both are there
    levels = np.geomspace(*(near if near[0] < near[1] else (low, high)), LEVELS)
    return list(_cost_at(own, levels) - _cost_at(other, levels))


def _cost_at(curve: FloatArray, bad: FloatArray) -> FloatArray:
    order = np.argsort(curve[1])
    known, cost = np.log(curve[1][order] + 1e-6), np.log(curve[0][order])
    return np.asarray(np.interp(np.log(bad), known, cost))


def as_csv(scores: Sequence[ControlScore]) -> str:
    """Return every score as a line."""
    target = io.StringIO()
    names = [column.name for column in fields(ControlScore)]
    writer = csv.DictWriter(target, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(score) for score in scores)
    return target.getvalue()
