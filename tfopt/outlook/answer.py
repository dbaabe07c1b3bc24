"""Puts what was simulated into the shape of the answer."""

from __future__ import annotations

import numpy as np

from tfopt.advise.answer import PRICE_QUALITY, as_planned, settings_of
from tfopt.outlook.days import worst_days
from tfopt.outlook.figures import interval, rounded
from tfopt.outlook.given import Given
from tfopt.outlook.hours import by_hour_of_week
from tfopt.outlook.scenarios import LATENCY_SCENARIOS, WEEK, Looked, Subject
from tfopt.plan.model import InstanceGroup
from tfopt.pricing import Offer
from tfopt.scenario import Case, Present
from tfopt.simulation import (
    TWENTIETHS,
    ByHourOfWeek,
    Capacity,
    Cost,
    DemandFigures,
    Group,
    Replay,
    SloFigures,
)
from tfopt_sim.cost import HOURS_PER_MONTH, compute_usd
from tfopt_sim.types import FloatArray, Slo, Trajectory

_OF_START = 0.2  # share of the bad minutes in the first hour from which it is said


def not_analysed(group: InstanceGroup, reason: str) -> Group:
    """Return the answer for a group that cannot be simulated honestly."""
    return Group(
        address=group.address,
        kind=group.kind,
        region=group.region,
        status="not-analysed",
        reason=reason,
        current=as_planned(group),
        notes=list(group.notes),
    )


def monthly_usd(looked: Looked) -> FloatArray:
    """Return the monthly cost of every scenario, shape (scenarios,)."""
    return np.array([one.usd_per_hour for one in looked.digests]) * HOURS_PER_MONTH


def forecast_group(case: Case, subject: Subject, looked: Looked) -> Group:
    """Return the answer for a group over its forecast."""
    traffic, history = case.traffic, case.traffic.demand.rps
    skill = case.forecast_skill
    return Group(
        address=case.group.address,
        kind=case.group.kind,
        region=case.group.region,
        status="simulated",
        reason=f"{len(looked.digests)} scenarios of the forecast",
        assumed=traffic.assumed,
        current=settings_of(case.group, subject.configuration),
        start=_iso(subject),
        demand=DemandFigures(
            source=traffic.source,
            mean_rps=rounded(np.nanmean(history)),
            peak_rps=rounded(np.nanmax(history)),
            history_days=round(traffic.measured_days, 2),
            forecast_skill=None if skill is None else round(skill, 4),
        ),
        cost=_cost(monthly_usd(looked)),
        capacity=_capacity(looked),
        slo=_slo(looked, subject.slo),
        by_hour_of_week=_hours(looked),
        worst_days=worst_days(
            [one.days for one in looked.digests], subject.slo.max_bad_minutes, looked.clock
        ),
        notes=[
            *case.group.notes,
            *_price_notes(case.offers[subject.configuration.machine.name]),
            *case.notes,
            *_start_notes(subject, looked),
        ],
    )


def replayed_group(present: Present, subject: Subject, given: Given, looked: Looked) -> Group:
    """Return the answer for a group under a given demand."""
    return Group(
        address=present.group.address,
        kind=present.group.kind,
        region=present.group.region,
        status="simulated",
        reason="the given demand, once",
        assumed=present.assumed,
        current=settings_of(present.group, subject.configuration),
        start=_iso(subject),
        demand=DemandFigures(
            source=given.source,
            mean_rps=rounded(given.rps.mean()),
            peak_rps=rounded(given.rps.max()),
            history_days=round(given.rps.size / 1440, 2),
        ),
        by_hour_of_week=_hours(looked),
        worst_days=worst_days(
            [one.days for one in looked.digests], subject.slo.max_bad_minutes, looked.clock
        ),
        replay=replay_of(subject, given, looked.paths[0]),
        notes=[
            *present.group.notes,
            *_price_notes(present.offer),
            *present.notes,
            *given.notes,
            *_start_notes(subject, looked),
        ],
    )


def replay_of(subject: Subject, given: Given, path: Trajectory) -> Replay:
    """Return the figures of a replay: list price of the instance-minutes, minute by minute."""

    def latency_ms(share: float) -> float:
        ms = subject.percentile_ms(path.in_service, path.backlog_requests, path.demand_rps, share)
        return rounded(ms)

    machine, totals = subject.configuration.machine, path.extras
    return Replay(
        source=given.source,
        start=_iso(subject),
        minutes=given.rps.size,
        requests=rounded(60.0 * given.rps.sum()),
        cost_usd=rounded(compute_usd(np.array(path.billed.sum(), dtype=np.float64), machine)),
        p50_ms=latency_ms(0.5),
        p95_ms=latency_ms(0.05),
        p99_ms=rounded(path.p99_ms),
        bad_minute_share=rounded(totals["bad_minute_share"]),
        slow_share=rounded(totals["slow_share"]),
        mean_instances=rounded(path.billed.mean()),
        peak_instances=int(path.billed.max()),
        mean_cpu=rounded(totals["mean_cpu"]),
        launches=round(totals["launches"]),
        lost_requests=rounded(totals["lost_requests"]),
        capacity=path.in_service.tolist(),
        billed=path.billed.tolist(),
        cpu=[rounded(cpu) for cpu in path.cpu],
        demand_rps=[rounded(rps) for rps in path.demand_rps],
    )


def _iso(subject: Subject) -> str:
    return subject.start.isoformat().replace("+00:00", "Z")


def _cost(monthly: FloatArray) -> Cost:
    middles = (np.arange(TWENTIETHS) + 0.5) / TWENTIETHS
    return Cost(
        monthly_usd=interval(monthly),
        twentieths_usd=[rounded(usd) for usd in np.quantile(monthly, middles)],
    )


def _capacity(looked: Looked) -> Capacity:
    weeks = looked.clock.minutes / WEEK
    return Capacity(
        mean_instances=interval(looked.extra("mean_instances")),
        peak_instances=interval(looked.extra("max_instances")),
        mean_cpu=interval(looked.extra("mean_cpu")),
        launches_per_week=interval(looked.extra("launches") / weeks),
    )


def _slo(looked: Looked, slo: Slo) -> SloFigures:
    met = [one for digest in looked.digests for one in digest.met]
    return SloFigures(
        slo_p99_ms=slo.p99_ms,
        max_bad_minutes=slo.max_bad_minutes,
        p99_ms=interval(np.array([one.p99_ms for one in looked.digests[:LATENCY_SCENARIOS]])),
        bad_minute_share=interval(looked.extra("bad_minute_share")),
        met_share=rounded(np.mean(met)),
        weeks=len(met),
    )


def _hours(looked: Looked) -> ByHourOfWeek:
    sums = [one.hours for one in looked.digests]
    return by_hour_of_week(sums, looked.p99_by_slot, looked.clock)


def _start_notes(subject: Subject, looked: Looked) -> list[str]:
    """Say when it is the start from desired, and no later hour, that is bad."""
    bad = np.mean([one.hours.bad for one in looked.digests], axis=0)
    if not bad[0] >= max(1.0, _OF_START * bad.sum()):
        return []
    desired = subject.configuration.desired_capacity
    share = bad[0] / bad.sum()
    return [f"starts at desired ({desired}): {share:.0%} of the bad minutes are in the first hour"]


def _price_notes(offer: Offer) -> list[str]:
    if offer.price_quality == "listed":
        return []
    quality = PRICE_QUALITY[offer.price_quality]
    return [f"the price of {offer.instance_type} in {offer.region} is {quality}"]
