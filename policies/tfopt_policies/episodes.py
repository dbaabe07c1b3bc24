"""Cuts series into episodes: what was known at one moment, and the week that really followed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from tfopt_policies.policy import Knobs, Problem
from tfopt_policies.sizing import WEEK_MINUTES, minutes, past_weeks
from tfopt_policies.traces import Trace
from tfopt_sim.forecast import fit
from tfopt_sim.risk import PLAIN
from tfopt_sim.rollout import service_limits
from tfopt_sim.types import (
    Configuration,
    Demand,
    FloatArray,
    Machine,
    Slo,
    TargetTracking,
    Workload,
)

WEEK_S = 7 * 86_400
SCENARIOS = 16  # that a policy may search on
_HISTORY_WEEKS = 4
# Never trained on, neither their early nor their late weeks.
HELD_OUT = frozenset(
    {
        "nab_asg_cpu_misconfig",
        "nab_ec2_cpu_5f5533",
        "nab_ec2_cpu_825cc2",
        "nab_ec2_cpu_fe7f93",
        "nab_elb_requests",
        "nab_grok_asg",
        "nab_rds_cpu_e47b3b",
        "nab_tweets_AMZN",
        "nasa_http_1995_08",
        "nyc_taxi_30min",
    }
)


@dataclass(frozen=True, slots=True)
class Episode:
    """One decision and its test: `problem` knows nothing of `future_rps`."""

    trace: str
    origin: str  # ISO 8601: where history ends
    size: int  # instances at the history's peak
    problem: Problem
    future_rps: FloatArray  # (minutes,)


@dataclass(frozen=True, slots=True)
class Setting:
    """What an episode asks of the group, apart from the demand."""

    workload: Workload
    slo: Slo
    machines: tuple[Machine, ...]
    knobs: Knobs
    size: int  # instances of the first machine at the 99.9 % level of history


def split(trace: Trace) -> int:
    """Return the step before which a trace may be trained on: 0 for those held out entirely.

    Traces under four weeks are trained on as a whole, since half of one holds no week to follow
    a week; the others up to their middle, but at least two weeks.
    """
    if trace.name in HELD_OUT:
        return 0
    if trace.demand.days < 27:
        return trace.demand.rps.size
    half = max(trace.demand.days / 2, 14.05)
    return int(half * 86_400 / trace.demand.step_s)


def judged_origins(trace: Trace, at_most: int) -> list[int]:
    """Return the steps at which history ends and a week outside training follows, latest first."""
    steps_per_week = WEEK_S // trace.demand.step_s
    first = max(split(trace), steps_per_week)
    last = trace.demand.rps.size - steps_per_week
    return list(range(last, first - 1, -steps_per_week))[:at_most]


def episode(
    name: str, demand: Demand, origin: int, setting: Setting, rng: np.random.Generator
) -> Episode:
    """Return the episode whose history ends at step `origin` of `demand`, scaled to `setting.size`.

    The scale looks at the history alone.
    """
    begin = max(0, origin - _HISTORY_WEEKS * WEEK_S // demand.step_s)
    end = origin + WEEK_S // demand.step_s
    history = Demand(_at(demand, begin), demand.step_s, demand.rps[begin:origin])
    future = Demand(_at(demand, origin), demand.step_s, demand.rps[origin:end])
    scale = _scale(history, setting)
    history = replace(history, rps=history.rps * scale)
    model = fit(history, caution=PLAIN)
    scenarios = model.sample(rng, SCENARIOS, WEEK_S, 60)
    present = as_written(setting)
    problem = Problem(
        history, model, scenarios, setting.workload, setting.slo, present, setting.machines,
        setting.knobs,
    )  # fmt: skip
    real = minutes(replace(future, rps=future.rps * scale))[:WEEK_MINUTES]
    return Episode(name, history_end(history), setting.size, problem, real)


def history_end(history: Demand) -> str:
    """Return the moment history ends, ISO 8601."""
    return (history.start + timedelta(seconds=history.step_s * history.rps.size)).isoformat()


def as_written(setting: Setting) -> Configuration:
    """Return settings as they are often found: sized once for the peak, with room to spare.

    Half of the peak's need as minimum, twice of it as maximum, 40 % as target; where nothing
    scales the group, a quarter more than the peak's need.
    """
    peak = max(setting.size, 1)
    machine = setting.machines[0]
    if setting.knobs.desired_capacity:
        size = math.ceil(1.25 * peak)
        return Configuration(machine, size, size, size)
    low = math.ceil(0.5 * peak)
    return Configuration(machine, low, 2 * peak, low, (TargetTracking(0.40),))


def _scale(history: Demand, setting: Setting) -> float:
    week = past_weeks(history, _HISTORY_WEEKS).rps
    peak = max(float(np.quantile(week, 0.999)), 1e-9)
    return _capacity(setting) / peak


def _capacity(setting: Setting) -> float:
    """Return the demand that needs just `setting.size` instances of the first machine."""
    limits = service_limits(
        setting.machines[0], setting.workload, setting.slo, np.array([setting.size])
    )
    return max(float(limits[0]), 1e-6)


def _at(demand: Demand, step: int) -> datetime:
    return demand.start + timedelta(seconds=demand.step_s * step)
