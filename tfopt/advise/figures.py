"""Numbers of the report: intervals over scenarios, the picture of demand and capacity, totals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfopt.recommendation import DemandFigures, HourlyService, Interval, Totals
from tfopt_sim.cost import HOURS_PER_MONTH
from tfopt_sim.hourly import p99_by_slot
from tfopt_sim.types import Configuration, FloatArray, Outcome, Trajectory

if TYPE_CHECKING:
    from tfopt.scenario import Case

HOUR_MINUTES = 60
LATENCY_SCENARIOS = 10  # whole latency distributions cost more than means
HOURLY_SCENARIOS = 5  # 300 minutes are enough for an hour's 99th percentile
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


@dataclass(frozen=True, slots=True)
class Served:
    """How settings serve a few scenarios, minute by minute."""

    case: Case
    configuration: Configuration
    paths: list[Trajectory]

    def p99_ms(self) -> Interval:
        """Return the 99th percentile of each scenario's latency, in ms."""
        return interval(np.array([path.p99_ms for path in self.paths]))

    def by_hour(self) -> HourlyService:
        """Return latency and risk of each hour of the horizon; a last part of one is left out."""
        minutes = self.paths[0].demand_rps.size
        count = minutes // HOUR_MINUTES
        slots = np.arange(minutes) // HOUR_MINUTES
        p99 = p99_by_slot(self.paths[:HOURLY_SCENARIOS], slots, count, self._percentile_ms)
        bad = sum(_by_hour(path.bad) for path in self.paths)
        asked = sum(_by_hour(-np.expm1(-60.0 * path.demand_rps)) for path in self.paths)
        risk = np.minimum(bad / np.maximum(asked, 1e-12), 1.0)
        return HourlyService(
            p99_ms=[round(ms or 0.0, 1) for ms in p99],
            bad_minute_risk=[round(float(share), 4) for share in risk],
        )

    def _percentile_ms(self, machines: FloatArray, backlog: FloatArray, rps: FloatArray) -> float:
        from tfopt_sim.rollout import whole_percentile_ms
        from tfopt_sim.tables import service_of

        problem = self.case.problem
        service = service_of(self.configuration.machine, problem.workload, problem.slo)
        timeout_s = problem.workload.timeout_s or math.inf
        return whole_percentile_ms(service, machines, backlog, rps, timeout_s=timeout_s)


def served(case: Case, configuration: Configuration) -> Served:
    """Run settings through the first few scenarios."""
    weeks = case.held_back_rps[:LATENCY_SCENARIOS]
    return Served(case, configuration, [_path(case, configuration, week) for week in weeks])


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
