"""Puts what was simulated into the shape of the answer."""

from __future__ import annotations

from collections.abc import Iterator

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
    ByRequest,
    Capacity,
    Cost,
    CostParts,
    DemandFigures,
    Group,
    Replay,
    SloFigures,
)
from tfopt_sim.autoscaling.predictive import expectations
from tfopt_sim.cost import HOURS_PER_MONTH
from tfopt_sim.hourly import machines_of
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
        cost=_cost(looked),
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


def replayed_group(
    present: Present,
    subject: Subject,
    given: Given,
    looked: Looked,
    by_request: ByRequest | None,
) -> Group:
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
        replay=replay_of(subject, given, looked.paths[0], by_request),
        notes=[
            *present.group.notes,
            *_price_notes(present.offer),
            *present.notes,
            *given.notes,
            *_start_notes(subject, looked),
            *_replay_notes(subject, looked),
        ],
    )


def replay_of(
    subject: Subject, given: Given, path: Trajectory, by_request: ByRequest | None
) -> Replay:
    """Return the figures of a replay: list price of the instance-minutes, minute by minute."""

    def latency_ms(share: float) -> float:
        machines, backlog = machines_of(path), path.backlog_requests
        return rounded(subject.percentile_ms(machines, backlog, path.demand_rps, share))

    totals = path.extras
    return Replay(
        source=given.source,
        start=_iso(subject),
        minutes=given.rps.size,
        requests=rounded(60.0 * given.rps.sum()),
        cost_usd=rounded(totals["on_demand_usd"] + totals["spot_usd"]),
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
        by_request=by_request,
        capacity=path.in_service.tolist(),
        billed=path.billed.tolist(),
        cpu=[rounded(cpu) for cpu in path.cpu],
        demand_rps=[rounded(rps) for rps in path.demand_rps],
    )


def _iso(subject: Subject) -> str:
    return subject.start.isoformat().replace("+00:00", "Z")


def _cost(looked: Looked) -> Cost:
    monthly, months = monthly_usd(looked), looked.clock.minutes / (60 * HOURS_PER_MONTH)
    parts = {name: looked.extra(f"{name}_usd") / months for name in CostParts.model_fields}
    middles = (np.arange(TWENTIETHS) + 0.5) / TWENTIETHS
    return Cost(
        monthly_usd=interval(monthly),
        parts=CostParts(**{name: interval(usd) for name, usd in parts.items()}),
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


def _replay_notes(subject: Subject, looked: Looked) -> Iterator[str]:
    """Say what a replay takes as known, and what its cost leaves out."""
    if any(map(expectations, subject.configuration.scaling)):
        yield "predictive scaling is taken to expect the hourly means of this very demand"
    surplus = looked.digests[0].extras["surplus_usd"]
    if surplus > 0:
        yield f"CPU beyond the credits would cost another {surplus:,.2f} USD"


def _price_notes(offer: Offer) -> list[str]:
    if offer.price_quality == "listed":
        return []
    quality = PRICE_QUALITY[offer.price_quality]
    return [f"the price of {offer.instance_type} in {offer.region} is {quality}"]
