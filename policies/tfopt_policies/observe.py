"""What the planner sees: unit-free facts about a group, and about each candidate for it.

Nothing here depends on how large the group is in requests or money, so that one policy serves
every size; sizes enter only as logarithms of instance counts, because small groups are coarse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.candidates import demand_levels
from tfopt_policies.policy import Problem
from tfopt_policies.sizing import (
    aimed_cpu,
    machines_by_price,
    need,
    past_weeks,
    replay,
    usd_per_hour,
)
from tfopt_policies.steps import cadence, is_stepped
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, FloatArray, Machine, Outcome

OBSERVATION_VERSION = 2  # raised whenever a feature's meaning changes
REPLAYED_WEEKS = 4  # of history, where there are as many
REPLAYED_SCENARIOS = 4  # of the forecast
CONTEXT = (
    "log_boot_minutes", "log_service_ms", "log_cv2", "log_slo_over_service", "log_bad_allowed",
    "random_balancing", "nothing_scales", "floors_possible", "steps_possible", "log_history_weeks",
    "variation", "log_p99_over_mean", "log_max_over_mean", "daily_share", "acf_step", "acf_hour",
    "week_on_week", "peak_on_peak", "last_day_over_week", "quiet_share",
    "log_highest_over_last_peak", "log_highest_over_second_peak", "spread_of_log_peaks",
    "spread_of_log_p999",
    "log_ahead_over_last", "log_ahead_peak_over_last_peak", "log_ahead_p99_over_median",
    "log_rise_p99", "log_rise_p999", "log_rise_max",
    "log_need_typical", "log_need_peak",
)  # fmt: skip
ACTION = (
    "log_min_over_typical", "log_min_over_peak", "log_max_over_peak", "target", "constant",
    "stepped", "log_in_datapoints",
    "floor_actions", "log_mean_floor_over_typical", "log_price_of_work", "log_machine_need",
    "share_above_min", "share_above_max", "log_expected_cost",
    "log_cost_last", "log_cost_mean", "log_bad_last", "log_bad_worst", "log_bad_second",
    "log_bad_mean", "missed_share", "missed_last", "log_slow_worst", "cpu_last", "launches_last",
    "log_cost_ahead", "log_bad_ahead_mean", "log_bad_ahead_worst", "missed_share_ahead",
)  # fmt: skip
_DAY = 24 * 60  # minutes
_BAD_FLOOR = 0.05  # of the allowance: fewer bad minutes than this are all the same


@dataclass(frozen=True, slots=True)
class Observation:
    """A group and its candidates as the network takes them."""

    context: FloatArray  # (len(CONTEXT),)
    actions: FloatArray  # (candidates, len(ACTION))
    reference_usd: float  # a week of typical need on the cheapest machine: the unit of cost
    spent: float = 0.0  # group-weeks simulated to see this

    def rows(self, log_price: float) -> FloatArray:
        """Return the network's input, (candidates, 1 + context + action), at an SLO price."""
        count = self.actions.shape[0]
        shared = np.concatenate(([log_price], self.context))
        return np.hstack((np.broadcast_to(shared, (count, shared.size)), self.actions))


def observe(problem: Problem, configurations: list[Configuration]) -> Observation:
    """Return what is known of the group, and of each candidate by exact simulation.

    Every candidate runs over up to four past weeks as they were and over four sampled futures.
    """
    usual = _usual(problem)
    hourly = usual.typical * usd_per_hour(problem, usual.reference)
    past = replay(problem, configurations, REPLAYED_WEEKS)
    ahead = simulate(
        configurations,
        problem.scenarios_rps[:REPLAYED_SCENARIOS],
        workload=problem.workload,
        slo=problem.slo,
        start=problem.model.start,
    )
    actions = np.hstack(
        (
            _settings(problem, configurations, usual.levels, hourly),
            _replayed(problem, past, hourly * past.hours),
            _foreseen(problem, ahead, hourly * ahead.hours),
        )
    )
    spent = (past.cost_usd.size * past.hours + ahead.cost_usd.size * ahead.hours) / (24 * 7)
    return Observation(_context(problem, usual), actions, hourly * 24 * 7, spent)


def context_of(problem: Problem) -> FloatArray:
    """Return what is known of the group alone, (len(CONTEXT),); nothing is simulated."""
    return _context(problem, _usual(problem))


@dataclass(frozen=True, slots=True)
class _Usual:
    """What the group's demand needs of the cheapest machine."""

    reference: Machine
    levels: FloatArray  # of demand, ascending
    typical: float  # instances
    peak: float


def _usual(problem: Problem) -> _Usual:
    levels = demand_levels(problem)
    reference = machines_by_price(problem, levels[:: max(1, levels.size // 256)])[0]
    sample = levels[:: max(1, levels.size // 1024)]
    typical = float(np.mean(need(problem, reference, sample)))
    return _Usual(reference, sample, typical, float(need(problem, reference, levels[-1:])[0]))


def _context(problem: Problem, usual: _Usual) -> FloatArray:
    sizes = np.log([usual.typical, usual.peak])
    return np.concatenate((_group(problem), _history(problem), sizes))


def _group(problem: Problem) -> FloatArray:
    workload, slo = problem.workload, problem.slo
    service_ms = 1000 * workload.cpu_s_per_request / max(problem.present.machine.speed, 1e-6)
    return np.array(
        [
            math.log(max(workload.boot_s, 1.0) / 60),
            math.log(service_ms),
            math.log(workload.service_cv2 + 0.1),
            math.log(slo.p99_ms / service_ms),
            math.log(max(slo.max_bad_minutes, 1e-4)),
            float(workload.balancing == "random"),
            float(not problem.present.scaling),
            float(problem.knobs.schedules),
            float(problem.knobs.steps),
            math.log(max(problem.history.days, 0.1) / 7),
        ]
    )


def _history(problem: Problem) -> FloatArray:
    past = past_weeks(problem.history, 2).rps
    last, before = past[-1], past[0]
    if last.size < _DAY:  # of less than a day of history the same is said again
        last, before = np.resize(last, _DAY), np.resize(before, _DAY)
    mean = max(float(last.mean()), 1e-9)
    ahead = problem.scenarios_rps
    quarter = last[: last.size // 15 * 15].reshape(-1, 15).mean(axis=1)
    centred = quarter - quarter.mean()
    day = centred[: centred.size // 96 * 96].reshape(-1, 96)
    power = max(float(np.mean(centred**2)), 1e-12)
    p50, p99 = np.quantile(ahead, [0.5, 0.99])
    return np.array(
        [
            float(last.std()) / mean,
            math.log(max(float(np.quantile(last, 0.99)) / mean, 0.1)),
            math.log(max(float(last.max()) / mean, 0.1)),
            float(np.var(day.mean(axis=0))) / power if day.shape[0] > 1 else 0.0,
            _autocorrelation(centred, 1, power),
            _autocorrelation(centred, 4, power),
            _log_ratio(last.mean(), before.mean()),
            _log_ratio(last.max(), before.max()),
            _log_ratio(last[-_DAY:].mean(), mean),
            float(np.mean(last < 0.1 * mean)),
            *_repeats(problem),
            _log_ratio(ahead.mean(), mean),
            _log_ratio(float(ahead.max(axis=1).mean()), last.max()),
            _log_ratio(p99, p50),
            *_rises(problem, last, mean),
        ]
    )


def _repeats(problem: Problem) -> list[float]:
    """Return how the weeks' peaks compare: whether bursts come back, and as high as before."""
    weeks = past_weeks(problem.history, REPLAYED_WEEKS).rps
    peaks = np.log(np.maximum(weeks.max(axis=1), 1e-9))
    high = np.log(np.maximum(np.quantile(weeks, 0.999, axis=1), 1e-9))
    ranked = np.sort(peaks)
    return [
        float(ranked[-1] - peaks[-1]),
        float(ranked[-1] - ranked[max(-2, -ranked.size)]),
        float(peaks.std()),
        float(high.std()),
    ]


def _rises(problem: Problem, last: FloatArray, mean: float) -> FloatArray:
    """Return how much demand grows while the group reacts: three alarm minutes and one boot."""
    lag = min(3 + math.ceil(problem.workload.boot_s / 60), max(1, last.size - 1))
    floor = 0.1 * mean
    rise = np.log((last[lag:] + floor) / (last[:-lag] + floor))
    return np.quantile(rise, [0.99, 0.999, 1.0]) if rise.size else np.zeros(3)


def _settings(
    problem: Problem, configurations: list[Configuration], levels: FloatArray, hourly: float
) -> FloatArray:
    needs = {c.machine: need(problem, c.machine, levels) for c in configurations}
    return np.array([_setting(problem, c, needs[c.machine], hourly) for c in configurations])


def _setting(
    problem: Problem, configuration: Configuration, needed: NDArray[np.int64], hourly: float
) -> list[float]:
    held = not configuration.scaling
    constant = held or configuration.min_size == configuration.max_size
    low = configuration.desired_capacity if held else configuration.min_size
    high = low if held else configuration.max_size
    # what has no target but grows above some load, as steps do, is seen as if that were the target
    target = aimed_cpu(configuration, problem.workload) or 1.0
    typical, peak = float(needed.mean()), float(needed[-1])
    floors = [action.min_size for action in configuration.actions if action.min_size is not None]
    expected = float(np.clip(needed * (0.75 / target), low, high).mean())
    price = usd_per_hour(problem, configuration.machine)
    _, inwards = cadence(configuration) or (1, 1)
    return [
        math.log(max(low, 0.5) / typical),
        math.log(max(low, 0.5) / peak),
        math.log(max(high, 0.5) / peak),
        target,
        float(constant),
        float(is_stepped(configuration)),
        math.log(inwards) / 2,
        len(floors) / 8,
        math.log(max(float(np.mean(floors)) if floors else low, 0.5) / typical),
        math.log(typical * price / hourly),
        math.log(typical),
        float(np.mean(needed > low)),
        float(np.mean(needed > high)),
        math.log(max(expected, 0.5) * price / hourly),
    ]


def _replayed(problem: Problem, outcome: Outcome, reference_usd: float) -> FloatArray:
    cost = np.maximum(outcome.cost_usd / reference_usd, 1e-3)
    bad = _log_bad(problem, outcome)
    worst = np.sort(bad, axis=1)[:, ::-1]
    missed = (outcome.bad_minute_share > problem.slo.max_bad_minutes).astype(np.float64)
    return np.column_stack(
        (
            np.log(cost[:, -1]),
            np.log(cost.mean(axis=1)),
            bad[:, -1],
            worst[:, 0],
            worst[:, min(1, worst.shape[1] - 1)],  # the same week where there is only one
            bad.mean(axis=1),
            missed.mean(axis=1),
            missed[:, -1],
            np.log(outcome.slow_share.max(axis=1) + 1e-5),
            outcome.mean_cpu[:, -1],
            np.log1p(outcome.launches[:, -1]) / 5,
        )
    )


def _foreseen(problem: Problem, outcome: Outcome, reference_usd: float) -> FloatArray:
    bad = _log_bad(problem, outcome)
    return np.column_stack(
        (
            np.log(np.maximum(outcome.cost_usd.mean(axis=1) / reference_usd, 1e-3)),
            bad.mean(axis=1),
            bad.max(axis=1),
            np.mean(outcome.bad_minute_share > problem.slo.max_bad_minutes, axis=1),
        )
    )


def _log_bad(problem: Problem, outcome: Outcome) -> FloatArray:
    """Return bad minutes in units of the allowance, as logarithms, shape (candidates, rows)."""
    allowed = max(problem.slo.max_bad_minutes, 1e-4)
    return np.log(outcome.bad_minute_share / allowed + _BAD_FLOOR)


def _autocorrelation(centred: FloatArray, lag: int, power: float) -> float:
    if centred.size <= lag:
        return 0.0
    return float(np.mean(centred[lag:] * centred[:-lag])) / power


def _log_ratio(above: float, below: float) -> float:
    return math.log(max(float(above), 1e-9) / max(float(below), 1e-9))
