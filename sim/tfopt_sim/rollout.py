"""Runs configurations over demand and reports what came of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tfopt_sim import mixed
from tfopt_sim.autoscaling.combine import rules_of
from tfopt_sim.cost import beyond, bill_of, covered_usd_per_hour
from tfopt_sim.credits import credits_of, usd_per_credit
from tfopt_sim.draws import Draws, draw, offsets
from tfopt_sim.dynamics import Events, Params, record, run
from tfopt_sim.fleet import Room, empty_room
from tfopt_sim.latency import percentile_ms
from tfopt_sim.purchasing import most_instances, needs_instances, offers_of
from tfopt_sim.schedule import expand
from tfopt_sim.serving import Serving
from tfopt_sim.tables import Service, service_of, service_table, size_limits
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

SLOW_SHARE = 0.01  # a minute with a larger share of slow requests is bad


def parameters(configuration: Configuration, workload: Workload, service: Service) -> Params:
    """Return the constants of the step for one configuration.

    Raises:
        ValueError: a minimum above the maximum, or a size below zero.
    """
    low, high = configuration.min_size, configuration.max_size
    if not 0 <= low <= high:
        raise ValueError(f"min_size {low} and max_size {high} are no bounds of a group")
    return Params(
        serving=Serving(
            capacity_rps=service.capacity_rps,
            slow_wait_s=max(0.0, service.slow_s - service.mean_s),
            timeout_s=workload.timeout_s if workload.timeout_s > 0 else np.inf,
            work_cv2=1.0 + workload.service_cv2,
        ),
        min_size=low,
        max_size=high,
        desired=min(max(configuration.desired_capacity, low), high),
        rules=rules_of(configuration.scaling).rows,
        bursts=configuration.machine.burst is not None,
        credits=credits_of(configuration.machine),
        covered_minutes=_covered_minutes(configuration),
    )


def _covered_minutes(configuration: Configuration) -> float:
    """Return the instance-minutes of an hour that the group's commitment covers."""
    covered = covered_usd_per_hour(configuration.money)
    return covered / configuration.machine.usd_per_hour * 60.0 if covered else 0.0


def room_of(configuration: Configuration, draws: Draws) -> Room:
    """Return room for what of the group's state stands in arrays."""
    rules = rules_of(configuration.scaling)
    return empty_room(draws.boots, rules.history, rules.memory)


def _largest(configuration: Configuration, events: Events) -> int:
    """Return the most instances the group can ever have."""
    scheduled = int(events[:, 1:].max()) if events.size else 0
    return max(1, configuration.max_size, scheduled)


def _most_machines(configuration: Configuration, largest: int) -> int:
    """Return the largest capacity of a mixed group, in machines of its own kind."""
    each = float(offers_of(configuration).capacity.max())
    return math.ceil(most_instances(configuration, largest) * max(each, 1.0))


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
) -> Outcome:
    """Simulate every configuration under every scenario, on the same random boot times.

    Args:
        configurations: C of them, of any machines.
        demand_rps: shape (S, T), mean requests/s of each minute.
        workload: what a request costs.
        slo: what is slow.
        start: when the first minute begins (aware); schedules depend on it.
        seed: of the boot times.

    Returns:
        arrays of shape (C, S); instances are those billed, so booting ones count.

    Raises:
        ValueError: demand of the wrong shape or sign, impossible bounds, or a bad schedule.
    """
    demand = _checked(demand_rps)
    scenarios, minutes = demand.shape
    draws = draw(workload, seed)
    places = offsets(scenarios, seed)
    totals = np.stack(
        [_totals(own, demand, workload, slo, start, draws, places) for own in configurations]
    )
    bills = [
        bill_of(own, *columns[:, [0, 6, 7, 8]].T, hours=minutes / 60.0)
        for own, columns in zip(configurations, totals, strict=True)
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
        interruptions=totals[:, :, 9],
        bill=bill,
    )


def _totals(
    configuration: Configuration,
    demand: FloatArray,
    workload: Workload,
    slo: Slo,
    start: datetime,
    draws: Draws,
    places: NDArray[np.int64],
) -> FloatArray:
    """Return what `mixed.run` returns, by whichever kernel the group needs."""
    service = service_of(configuration.machine, workload, slo)
    events = expand(configuration.schedules, start, demand.shape[1])
    params, room = parameters(configuration, workload, service), room_of(configuration, draws)
    totals = np.zeros((demand.shape[0], 10))
    largest = _largest(configuration, events)
    if needs_instances(configuration):
        market = mixed.market_of(configuration, largest)
        table = service_table(service, _most_machines(configuration, largest))
        mixed.run(params, market, room, table, events, draws, places, demand, totals)
        return totals
    table = service_table(service, largest)
    run(params, table, events, draws, places, room, demand, totals)
    totals[:, 6] *= configuration.machine.usd_per_hour / 60.0
    totals[:, 7] *= usd_per_credit(configuration.machine)
    return totals


def trajectory(
    configuration: Configuration,
    demand_rps: FloatArray,
    workload: Workload,
    slo: Slo,
    start: datetime,
    *,
    seed: int = 0,
) -> Trajectory:
    """Simulate one configuration under one scenario and keep every minute.

    Args:
        configuration: of the group.
        demand_rps: shape (T,), mean requests/s of each minute.
        workload: what a request costs.
        slo: what is slow.
        start: when the first minute begins (aware).
        seed: of the boot times; the same minutes as scenario 0 of `simulate`.

    Returns:
        the minutes; `extras` holds the totals that `Outcome` holds, and `lost_requests`.

    Raises:
        ValueError: as `simulate`.
    """
    demand = _checked(np.asarray(demand_rps)[None])[0]
    service = service_of(configuration.machine, workload, slo)
    minutes, columns = _recorded(configuration, demand, service, workload, start, seed)
    size, machines, backlog = minutes[0].astype(np.int64), minutes[8], minutes[7]
    whole = np.maximum(np.rint(machines), machines > 0)  # sizes of whole machines, as loaded
    scale = whole / np.where(machines > 0, machines, 1.0)
    served = np.where(machines > 0, scale, 1.0)
    bill = bill_of(configuration, *columns, hours=demand.size / 60.0)
    return Trajectory(
        start=start,
        in_service=size,
        billed=minutes[1].astype(np.int64),
        cpu=minutes[3],
        backlog_requests=backlog,
        bad=minutes[5],
        demand_rps=demand,
        p99_ms=percentile_ms(service, whole.astype(np.int64), backlog * served, demand * served),
        cost_usd=float(bill.total[0]),
        extras=_extras(minutes, demand),
    )


def _recorded(
    configuration: Configuration,
    demand: FloatArray,
    service: Service,
    workload: Workload,
    start: datetime,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Return every minute as `mixed.record` does, and what `bill_of` takes, shape (4, 1)."""
    events = expand(configuration.schedules, start, demand.size)
    draws, place = draw(workload, seed), int(offsets(1, seed)[0])
    params, room = parameters(configuration, workload, service), room_of(configuration, draws)
    largest = _largest(configuration, events)
    kept = np.empty((9, demand.size))
    if needs_instances(configuration):
        market = mixed.market_of(configuration, largest)
        table = service_table(service, _most_machines(configuration, largest))
        mixed.record(params, market, room, table, events, draws, place, demand, kept)
        used = [kept[1].sum(), *market.ledger[1:4]]
    else:
        table = service_table(service, largest)
        surplus = record(params, table, events, draws, place, room, demand, kept)
        machine = configuration.machine
        used = [
            kept[1].sum(),
            beyond(kept[1], params.covered_minutes) * machine.usd_per_hour / 60.0,
            surplus * usd_per_credit(machine),
            0.0,
        ]
    return kept, np.array(used)[:, None]


def _extras(kept: FloatArray, demand: FloatArray) -> dict[str, float]:
    """Return the totals of a trajectory by the names that `Outcome` gives them."""
    return {
        "bad_minute_share": float(kept[5].sum() / max(minutes_with_arrivals(demand), 1e-12)),
        "slow_share": float(kept[4].sum() / max(60.0 * demand.sum(), 1e-12)),
        "mean_instances": float(kept[1].mean()),
        "max_instances": float(kept[1].max()),
        "mean_cpu": float(kept[3].mean()),
        "launches": float(kept[2].sum()),
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
    limits = size_limits(service, flat, SLOW_SHARE) * flat * service.capacity_rps
    return limits.reshape(np.shape(sizes))
