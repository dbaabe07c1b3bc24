"""Runs configurations over demand and reports what came of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim import mixed
from tfopt_sim.autoscaling.clouds import rules_for
from tfopt_sim.autoscaling.predictive import forecast_rows, hourly_rps, merge
from tfopt_sim.cost import bill_of, covered_usd_per_hour
from tfopt_sim.credits import credits_of, usd_per_credit
from tfopt_sim.draws import Draws, draw, offsets
from tfopt_sim.dynamics import Events, Params, run
from tfopt_sim.fleet import Room, empty_room, pool_of
from tfopt_sim.latency import percentile_ms
from tfopt_sim.market import Market, market_of
from tfopt_sim.purchasing import machines_per_unit, needs_instances
from tfopt_sim.schedule import expand
from tfopt_sim.serving import SLOW_SHARE, Serving
from tfopt_sim.tables import (
    Service,
    ServiceTable,
    delayed_shares,
    service_of,
    service_table,
    size_limits,
)
from tfopt_sim.types import (
    Bill,
    Configuration,
    FloatArray,
    Machine,
    Outcome,
    Slo,
    Trajectory,
    Workload,
)
from tfopt_sim.waits import fitted

_NOTHING = np.empty((0, 10, 0))  # no minute is kept
_BILLED = [0, 6, 7, 8, 9]  # columns of the totals that make the bill


def parameters(configuration: Configuration, workload: Workload, service: Service) -> Params:
    """Return the constants of the step for one configuration.

    Raises:
        ValueError: a minimum above the maximum, or a size below zero.
    """
    low, high = configuration.min_size, configuration.max_size
    if not 0 <= low <= high:
        raise ValueError(f"min_size {low} and max_size {high} are no bounds of a group")
    rules, cloud = rules_for(configuration.scaling, configuration.machine)
    return Params(
        serving=Serving(
            capacity_rps=service.capacity_rps,
            timeout_s=workload.timeout_s if workload.timeout_s > 0 else np.inf,
            work_cv2=1.0 + workload.service_cv2,
            pooled=service.pooled,
            slow_s=service.slow_s,
            boost=service.boost,
            threads_per_core=service.threads_per_core,
            delayed=delayed_shares(service),
        ),
        min_size=low,
        max_size=high,
        desired=min(max(configuration.desired_capacity, low), high),
        rules=rules.rows,
        cloud=cloud,
        pool=pool_of(configuration.fleet.warm_pool),
        bursts=credits_of(configuration.machine).unlimited,
        credits=credits_of(configuration.machine),
        covered_minutes=_covered_minutes(configuration),
    )


def _covered_minutes(configuration: Configuration) -> float:
    """Return the instance-minutes of an hour that the group's commitment covers."""
    covered = covered_usd_per_hour(configuration.money)
    return covered / configuration.machine.usd_per_hour * 60.0 if covered else 0.0


def room_of(configuration: Configuration, draws: Draws) -> Room:
    """Return room for what of the group's state stands in arrays."""
    rules, _ = rules_for(configuration.scaling, configuration.machine)
    longest = max(int(draws.boots.max()), pool_of(configuration.fleet.warm_pool).start)
    return empty_room(longest, rules.history, rules.memory)


def timed_changes(
    configuration: Configuration,
    service: Service,
    start: datetime,
    minutes: int,
    forecast_rps: FloatArray,
    seed: int,
) -> Events:
    """Return what schedules and forecasts change and when.

    Raises:
        ValueError: a bad schedule, or a forecast that ends before the period.
    """
    scheduled = expand(configuration.actions, start, minutes, seed)
    policies = configuration.scaling
    unit_rps = service.capacity_rps * machines_per_unit(configuration)
    rows = forecast_rows(policies, forecast_rps, unit_rps, start, minutes)
    return merge(scheduled, rows)


def _largest(configuration: Configuration, events: Events) -> int:
    """Return the most instances the group can ever have."""
    raised = int(events[:, [1, 2, 5]].max()) if events.size else 0
    return max(1, configuration.max_size, raised)


class _Group(NamedTuple):
    """What a kernel needs of a configuration; `market` is None where all instances are alike."""

    service: Service
    params: Params
    room: Room
    table: ServiceTable
    events: Events
    market: Market | None


def _group(
    configuration: Configuration,
    service: Service,
    workload: Workload,
    draws: Draws,
    events: Events,
) -> _Group:
    largest, market = _largest(configuration, events), None
    machines = largest
    if needs_instances(configuration):
        market = market_of(configuration, largest)
        each = max(1.0, float(market.offers.capacity.max()))
        machines = math.ceil(market.roster.slot.size * each)
    return _Group(
        service,
        parameters(configuration, workload, service),
        room_of(configuration, draws),
        service_table(service, machines),
        events,
        market,
    )


def _checked(demand_rps: FloatArray) -> FloatArray:
    """Return demand as the kernel takes it.

    Raises:
        ValueError: not two axes, empty, or a rate that is negative or not a number.
    """
    demand = np.ascontiguousarray(demand_rps, dtype=np.float64)
    if demand.ndim != 2 or demand.size == 0:
        raise ValueError(f"demand has shape {demand.shape}, wanted (scenarios, minutes)")
    if not demand.min() >= 0.0 or not np.isfinite(demand.max()):
        raise ValueError("demand must be finite and not negative")
    return demand


def minutes_with_arrivals(demand_rps: FloatArray) -> FloatArray:
    """Return how many minutes have a Poisson arrival, in expectation, over the last axis."""
    return np.asarray(-np.expm1(-60.0 * demand_rps).sum(axis=-1))


def simulate(
    configurations: Sequence[Configuration],
    demand_rps: FloatArray,
    workload: Workload,
    slo: Slo,
    start: datetime,
    *,
    seed: int = 0,
    forecast_rps: FloatArray | None = None,
) -> Outcome:
    """Simulate every configuration under every scenario, on the same random boot times.

    Args:
        configurations: C of them, of any machines.
        demand_rps: shape (S, T), mean requests/s of each minute.
        workload: what a request costs.
        slo: what is slow.
        start: when the first minute begins (aware); schedules depend on it.
        seed: of the boot times.
        forecast_rps: what predictive scaling expects, requests/s by clock hour from the one that
            holds `start`; by default the mean of the scenarios.

    Returns:
        arrays of shape (C, S); instances are those billed, so booting ones count.

    Raises:
        ValueError: demand of the wrong shape or sign, impossible bounds, or a bad schedule.
    """
    demand = _checked(demand_rps)
    scenarios, minutes = demand.shape
    draws = draw(workload, seed)
    places = offsets(scenarios, seed)
    forecast = hourly_rps(demand, start) if forecast_rps is None else forecast_rps
    totals = np.zeros((len(configurations), scenarios, 11))
    for own, configuration in zip(totals, configurations, strict=True):
        service = service_of(configuration.machine, workload, slo)
        events = timed_changes(configuration, service, start, minutes, forecast, seed)
        group = _group(configuration, service, workload, draws, events)
        _run(group, configuration.machine, draws, places, demand, own)
    bills = [
        bill_of(configuration, own[:, _BILLED].T, minutes / 60.0)
        for own, configuration in zip(totals, configurations, strict=True)
    ]
    bill = Bill(*(np.stack([getattr(own, part.name) for own in bills]) for part in fields(Bill)))
    return Outcome(
        hours=minutes / 60.0,
        cost_usd=bill.total,
        bad_minute_share=totals[:, :, 1] / np.maximum(minutes_with_arrivals(demand), 1e-12),
        slow_share=totals[:, :, 2] / np.maximum(60.0 * demand.sum(axis=1), 1e-12),
        mean_instances=totals[:, :, 0] / minutes,
        max_instances=totals[:, :, 3],
        mean_cpu=totals[:, :, 4] / minutes,
        launches=totals[:, :, 5],
        interruptions=totals[:, :, 10],
        bill=bill,
    )


def _run(
    group: _Group,
    machine: Machine,
    draws: Draws,
    places: NDArray[np.int64],
    demand: FloatArray,
    totals: FloatArray,
    *,
    first: int = 0,
    kept: FloatArray = _NOTHING,
) -> None:
    """Run every scenario through the kernel that the group needs, into what `mixed.run` returns."""
    _, params, room, table, events, market = group
    if market is not None:
        mixed.run(params, market, room, table, events, draws, places, first, demand, totals, kept)
        return
    run(params, table, events, draws, places, room, demand, totals, kept)
    if params.pool.running:
        totals[:, 6] = 0.0  # they are among those billed
    totals[:, 7] *= machine.usd_per_hour / 60.0
    totals[:, 8] *= usd_per_credit(machine)


def trajectory(
    configuration: Configuration,
    demand_rps: FloatArray,
    workload: Workload,
    slo: Slo,
    start: datetime,
    *,
    seed: int = 0,
    scenario: int = 0,
    latency: bool = True,
    forecast_rps: FloatArray | None = None,
) -> Trajectory:
    """Simulate one configuration under one scenario and keep every minute.

    Args:
        configuration: of the group.
        demand_rps: shape (T,), mean requests/s of each minute.
        workload: what a request costs.
        slo: what is slow.
        start: when the first minute begins (aware).
        seed: of the boot times.
        scenario: whose minutes it has, of those that `simulate` runs with the same seed.
        latency: whether to find `p99_ms`, which costs more than the minutes; else it is NaN.
        forecast_rps: as `simulate`; by default the hourly means of the demand itself.

    Returns:
        the minutes; `extras` holds the totals that `Outcome` holds, `lost_requests`, and the parts
        of the bill in USD.

    Raises:
        ValueError: as `simulate`.
    """
    demand = _checked(np.asarray(demand_rps)[None])[0]
    service = service_of(configuration.machine, workload, slo)
    forecast = hourly_rps(demand[None], start) if forecast_rps is None else forecast_rps
    events = timed_changes(configuration, service, start, demand.size, forecast, seed)
    draws, places = draw(workload, seed), offsets(scenario + 1, seed)[scenario:]
    group = _group(configuration, service, workload, draws, events)
    totals, minutes = np.zeros((1, 11)), np.empty((1, 10, demand.size))
    _run(
        group, configuration.machine, draws, places, demand[None], totals,
        first=scenario, kept=minutes,
    )  # fmt: skip
    kept = minutes[0]
    bill = bill_of(configuration, totals[:, _BILLED].T, demand.size / 60.0)
    return Trajectory(
        start=start,
        in_service=kept[0].astype(np.int64),
        billed=kept[1].astype(np.int64),
        cpu=kept[3],
        backlog_requests=kept[8],
        bad=kept[5],
        demand_rps=demand,
        p99_ms=(
            whole_percentile_ms(
                service, kept[9], kept[8], demand, timeout_s=group.params.serving.timeout_s
            )
            if latency
            else np.nan
        ),
        cost_usd=float(bill.total[0]),
        extras={
            **_extras(kept, demand, totals[0, 10]),
            **{f"{part.name}_usd": float(getattr(bill, part.name)[0]) for part in fields(Bill)},
        },
        machines=kept[9],
    )


def whole_percentile_ms(
    service: Service,
    machines: FloatArray,
    backlog: FloatArray,
    rps: FloatArray,
    share: float = 0.01,
    timeout_s: float = math.inf,
) -> float:
    """Return the response time that `share` of the requests exceed, in ms.

    Machines of several types are worth a fraction of the one that `service` is of: latency is that
    of whole ones, each minute as loaded as it was.
    """
    whole = np.where(machines > 0, np.maximum(np.rint(machines), 1.0), 0.0)
    scale = np.divide(whole, machines, out=np.ones_like(whole), where=machines > 0)
    return percentile_ms(
        service, whole.astype(np.int64), backlog * scale, rps * scale, share, timeout_s
    )


def _extras(kept: FloatArray, demand: FloatArray, interruptions: float) -> dict[str, float]:
    """Return the totals of a trajectory by the names that `Outcome` gives them."""
    return {
        "bad_minute_share": float(kept[5].sum() / max(minutes_with_arrivals(demand), 1e-12)),
        "slow_share": float(kept[4].sum() / max(60.0 * demand.sum(), 1e-12)),
        "mean_instances": float(kept[1].mean()),
        "max_instances": float(kept[1].max()),
        "mean_cpu": float(kept[3].mean()),
        "launches": float(kept[2].sum()),
        "interruptions": float(interruptions),
        "lost_requests": float(kept[6].sum()),
    }


def service_limits(
    machine: Machine, workload: Workload, slo: Slo, sizes: NDArray[np.int64]
) -> FloatArray:
    """Return the largest demand that n instances serve with at most 1 % of requests slow.

    Args:
        machine: the instance type.
        workload: what a request costs.
        slo: what is slow.
        sizes: instances in service, any shape.

    Returns:
        requests/s, the shape of `sizes`; 0 where even an idle group is too slow.
    """
    service = service_of(machine, workload, slo)
    flat = np.ascontiguousarray(sizes, dtype=np.int64).ravel()
    limits = (
        size_limits(service, fitted(service.cv2), flat, SLOW_SHARE) * flat * service.capacity_rps
    )
    return limits.reshape(np.shape(sizes))
