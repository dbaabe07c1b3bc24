"""Numbers of the report: intervals over scenarios, the picture of demand and capacity, totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfopt.recommendation import DemandFigures, Interval, Totals
from tfopt_sim.cost import HOURS_PER_MONTH
from tfopt_sim.types import Configuration, FloatArray, Outcome, Trajectory

if TYPE_CHECKING:
    from tfopt.scenario import Case

HOUR_MINUTES = 60
LATENCY_SCENARIOS = 10  # whole latency distributions cost more than means
DIGITS = 6  # significant enough for money and shares, and the same bytes on every machine


def interval(values: FloatArray) -> Interval:
    """Return the median and the 5th and 95th percentile of `values` (scenarios,)."""
    low, middle, high = np.percentile(values, [5, 50, 95])
    return Interval(p50=_round(middle), p05=_round(low), p95=_round(high))


def _round(value: float) -> float:
    return round(float(value), DIGITS)


def monthly(outcome: Outcome) -> FloatArray:
    """Return the monthly cost per scenario of a single configuration's outcome, shape (S,)."""
    per_month: FloatArray = outcome.usd_per_hour[0] * HOURS_PER_MONTH
    return per_month


def savings(present: FloatArray, proposed: FloatArray) -> FloatArray:
    """Return the paired share saved per scenario; 0 where nothing is spent now."""
    share: FloatArray = np.zeros_like(present)
    np.divide(present - proposed, present, out=share, where=present > 0)
    return share


def risk(outcome: Outcome, max_bad_minutes: float) -> float:
    """Return the share of scenarios that miss the SLO."""
    return _round(float(np.mean(outcome.bad_minute_share[0] > max_bad_minutes)))


def p99_ms(case: Case, configuration: Configuration) -> Interval:
    """Return the weekly 99th percentile of latency over a few scenarios, in ms."""
    weeks = case.held_back_rps[:LATENCY_SCENARIOS]
    paths = [_path(case, configuration, week) for week in weeks]
    return interval(np.array([path.p99_ms for path in paths]))


def _path(case: Case, configuration: Configuration, week: FloatArray) -> Trajectory:
    """Return one scenario minute by minute, with the forecast that all scenarios share."""
    from tfopt_sim.rollout import trajectory

    problem = case.problem
    return trajectory(
        configuration,
        week,
        problem.workload,
        problem.slo,
        case.start,
        forecast_rps=case.forecast_rps,
    )


def demand_figures(case: Case, present: Configuration, proposed: Configuration) -> DemandFigures:
    """Return the coming horizon by hour: demand quantiles and what either setting can serve."""
    history = case.traffic.demand.rps
    hours = _by_hour(case.held_back_rps)
    low, middle, high = np.percentile(hours, [5, 50, 95], axis=0)
    return DemandFigures(
        source=case.traffic.source,
        history_mean_rps=_round(float(np.nanmean(history))),
        history_peak_rps=_round(float(np.nanmax(history))),
        hourly_p05_rps=_rates(low),
        hourly_p50_rps=_rates(middle),
        hourly_p95_rps=_rates(high),
        hourly_capacity_now=_capacity(case, present),
        hourly_capacity_recommended=_capacity(case, proposed),
        start=case.start.isoformat().replace("+00:00", "Z"),
    )


def _by_hour(paths: FloatArray) -> FloatArray:
    """Average (S, minutes) to (S, hours); a last part of an hour is left out."""
    count = paths.shape[-1] // HOUR_MINUTES
    whole = paths[..., : count * HOUR_MINUTES]
    hours: FloatArray = whole.reshape(*paths.shape[:-1], count, -1).mean(axis=-1)
    return hours


def _rates(values: FloatArray) -> list[float]:
    return [round(float(value), 3) for value in values]


def _capacity(case: Case, configuration: Configuration) -> list[float]:
    """Return the rps within the SLO that the group offers in each hour of the median scenario."""
    from tfopt_sim.rollout import service_limits

    problem = case.problem
    totals = case.held_back_rps.sum(axis=1)
    typical = int(np.argsort(totals)[totals.size // 2])
    path = _path(case, configuration, case.held_back_rps[typical])
    sizes, where = np.unique(path.in_service, return_inverse=True)
    limits = service_limits(configuration.machine, problem.workload, problem.slo, sizes)
    return _rates(_by_hour(limits[where][None, :])[0])


def totals(
    spending: Sequence[tuple[FloatArray, FloatArray]], groups: int, recommended: int
) -> Totals:
    """Sum now and proposed monthly costs scenario by scenario; pairs of shape (S,) arrays."""
    now = np.sum([pair[0] for pair in spending], axis=0) if spending else np.zeros(1)
    then = np.sum([pair[1] for pair in spending], axis=0) if spending else np.zeros(1)
    return Totals(
        groups=groups,
        recommended=recommended,
        current_monthly_usd=interval(now),
        recommended_monthly_usd=interval(then),
        savings_share=interval(savings(now, then)),
        saving_monthly_usd=interval(now - then),
    )
