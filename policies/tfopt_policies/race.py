"""Runs configurations on shared scenarios in stages and remembers what each one cost and missed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.policy import Problem
from tfopt_policies.sizing import Week, past_weeks
from tfopt_sim.autoscaling.predictive import hourly_rps
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, FloatArray, Outcome

HOURS_PER_MONTH = 730
FIRST, SECOND, THIRD = 8, 32, 96  # scenarios of the first stages; finalists run on all
PAST_WEEKS = 4
# A change has to hold with this share of the allowance to spare: the cheapest of many that just
# hold is cheap by luck too, and on public traces most weeks missed were missed by less than this.
SPARE = 0.2
_WORKERS = min(4, os.cpu_count() or 1)  # the simulator releases the interpreter lock
_COST, _BAD = 0, 1
_FIELDS = (
    "cost_usd",
    "bad_minute_share",
    "slow_share",
    "mean_instances",
    "max_instances",
    "mean_cpu",
    "launches",
)


@dataclass(slots=True)
class Record:
    """What is known of one configuration: columns in the order of `_FIELDS`."""

    scenarios: FloatArray  # (fields, scenarios so far)
    past: FloatArray  # (fields, past weeks)


@dataclass(slots=True)
class Race:
    """The track: scenarios that nobody has searched on, and the last weeks as they were.

    Every configuration meets the same scenarios in the same slices, so differences between two of
    them are paired (common random numbers).
    """

    problem: Problem
    held_back_rps: FloatArray  # (scenarios, minutes)
    seed: int
    group_weeks: float = 0.0  # spent so far
    records: dict[Configuration, Record] = field(default_factory=dict)
    past: Week = field(init=False)  # the last weeks, replayed exactly beside the scenarios
    forecast_rps: FloatArray = field(init=False)  # by hour: of all scenarios, not of a slice

    def __post_init__(self) -> None:
        """Read the past weeks once."""
        self.past = past_weeks(self.problem.history, PAST_WEEKS)
        self.forecast_rps = hourly_rps(self.held_back_rps, self.problem.model.start)

    @property
    def size(self) -> int:
        """Return how many scenarios there are."""
        return int(self.held_back_rps.shape[0])

    def enter(self, configurations: Iterable[Configuration]) -> None:
        """Replay the past weeks on configurations that are new here."""
        new = [c for c in dict.fromkeys(configurations) if c not in self.records]
        if not new:
            return
        columns = self._simulate(new, self.past.rps, self.past.start, self.seed)
        for index, configuration in enumerate(new):
            self.records[configuration] = Record(np.empty((len(_FIELDS), 0)), columns[:, index])

    def run(self, configurations: Iterable[Configuration], upto: int) -> None:
        """Bring configurations to `upto` scenarios; those already there cost nothing."""
        wanted = list(dict.fromkeys(configurations))
        self.enter(wanted)
        edges = sorted({0, *(e for e in (FIRST, SECOND, THIRD) if e < self.size), self.size})
        for begin, end in pairwise(edges):
            if begin >= upto:
                break
            behind = [c for c in wanted if self.seen(c) == begin]
            if behind:
                rps, start = self.held_back_rps[begin:end], self.problem.model.start
                columns = self._simulate(behind, rps, start, self.seed + begin, self.forecast_rps)
                for index, configuration in enumerate(behind):
                    record = self.records[configuration]
                    record.scenarios = np.hstack((record.scenarios, columns[:, index]))

    @property
    def past_weeks(self) -> int:
        """Return how many weeks of history are replayed."""
        return int(self.past.rps.shape[0])

    def seen(self, configuration: Configuration) -> int:
        """Return on how many scenarios a configuration has run."""
        return int(self.records[configuration].scenarios.shape[1])

    def misses(self, configuration: Configuration) -> int:
        """Return how many scenario weeks missed the SLO; a change: had too little to spare."""
        limit = self._allowed(configuration)
        return int(np.sum(self.records[configuration].scenarios[_BAD] > limit))

    def past_missed(self, configuration: Configuration) -> NDArray[np.bool_]:
        """Return which past weeks, replayed exactly, missed the SLO."""
        missed = self.records[configuration].past[_BAD] > self._allowed(configuration)
        return np.asarray(missed)

    def _allowed(self, configuration: Configuration) -> float:
        """Return the share of bad minutes above which a week is missed: less for a change."""
        spare = 1.0 if configuration == self.problem.present else 1.0 - SPARE
        return spare * self.problem.slo.max_bad_minutes

    def usd_per_month(self, configuration: Configuration) -> FloatArray:
        """Return the cost under each scenario seen so far."""
        hours = self.held_back_rps.shape[1] / 60
        return np.asarray(self.records[configuration].scenarios[_COST] * (HOURS_PER_MONTH / hours))

    def cost(self, configuration: Configuration) -> float:
        """Return the mean monthly cost on the first scenarios; on the past weeks before those."""
        if self.seen(configuration):
            return float(self.usd_per_month(configuration)[:FIRST].mean())
        return self.past_cost(configuration)

    def mean_cost(self, configuration: Configuration) -> float:
        """Return the mean monthly cost on all it has run on."""
        if self.seen(configuration):
            return float(self.usd_per_month(configuration).mean())
        return self.past_cost(configuration)

    def past_cost(self, configuration: Configuration) -> float:
        """Return the mean monthly cost on the past weeks."""
        hours = self.past.rps.shape[1] / 60
        mean = float(self.records[configuration].past[_COST].mean())
        return mean * HOURS_PER_MONTH / float(hours)

    def past_bad_share(self, configuration: Configuration) -> float:
        """Return the largest share of bad minutes over the past weeks."""
        return float(self.records[configuration].past[_BAD].max())

    def bad_share(self, configuration: Configuration) -> float:
        """Return the mean share of bad minutes, over past weeks where no scenario was run."""
        record = self.records[configuration]
        known = record.scenarios if record.scenarios.size else record.past
        return float(known[_BAD].mean())

    def risk(self, configuration: Configuration) -> float:
        """Return (misses + 1) ÷ (scenarios + 1): the conformal bound on the next week's miss."""
        return (self.misses(configuration) + 1) / (self.seen(configuration) + 1)

    def on_course(self, configuration: Configuration, max_risk: float) -> bool:
        """Say whether it has missed so rarely that it is worth running on (one miss is excused)."""
        return self.misses(configuration) <= 1 + math.floor(max_risk * self.seen(configuration))

    def outcome(self, configuration: Configuration) -> Outcome:
        """Return what happened under the scenarios, arrays of shape (1, scenarios)."""
        columns = dict(zip(_FIELDS, self.records[configuration].scenarios, strict=True))
        hours = self.held_back_rps.shape[1] / 60
        return Outcome(hours=hours, **{name: row[None, :] for name, row in columns.items()})

    def _simulate(
        self,
        configurations: list[Configuration],
        rps: FloatArray,
        start: datetime,
        seed: int,
        forecast_rps: FloatArray | None = None,
    ) -> FloatArray:
        self.group_weeks += len(configurations) * rps.size / (7 * 24 * 60)
        workload, slo = self.problem.workload, self.problem.slo

        def run(share: list[Configuration]) -> FloatArray:
            outcome = simulate(
                share,
                rps,
                workload=workload,
                slo=slo,
                start=start,
                seed=seed,
                forecast_rps=forecast_rps,
            )
            return np.stack([getattr(outcome, name) for name in _FIELDS])

        workers = min(_WORKERS, len(configurations))
        if workers < 2:
            return run(configurations)
        shares = [configurations[k::workers] for k in range(workers)]
        columns = np.empty((len(_FIELDS), len(configurations), rps.shape[0]))
        with ThreadPoolExecutor(workers) as pool:
            for k, done in enumerate(pool.map(run, shares)):
                columns[:, k::workers] = done
        return columns
