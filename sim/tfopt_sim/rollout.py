"""Runs configurations over demand and reports what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.autoscaler import tracking_of
from tfopt_sim.cost import compute_usd, surplus_usd
from tfopt_sim.draws import draw, offsets
from tfopt_sim.dynamics import Events, Params, record, run
from tfopt_sim.fleet import empty_ring
from tfopt_sim.latency import percentile_ms
from tfopt_sim.schedule import expand
from tfopt_sim.serving import Serving
from tfopt_sim.tables import (
    Service,
    delayed_shares,
    service_of,
    service_table,
    size_limits,
)
from tfopt_sim.types import (
    Configuration,
    FloatArray,
    Machine,
    Outcome,
    Slo,
    Trajectory,
    Workload,
)
from tfopt_sim.waits import fitted

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
        tracking=tracking_of(configuration.tracking),
    )


def _largest(configuration: Configuration, events: Events) -> int:
    """Return the most instances the group can ever have."""
    scheduled = int(events[:, 1:].max()) if events.size else 0
    return max(1, configuration.max_size, scheduled)


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
    ring = empty_ring(draws.boots)
    totals = np.zeros((len(configurations), scenarios, 6))
    cost = np.zeros((len(configurations), scenarios))
    for k, configuration in enumerate(configurations):
        service = service_of(configuration.machine, workload, slo)
        events = expand(configuration.schedules, start, minutes)
        table = service_table(service, _largest(configuration, events))
        params = parameters(configuration, workload, service)
        run(params, table, events, draws, places, ring, demand, totals[k])
        billed, cpu = totals[k, :, 0], totals[k, :, 4] / minutes
        machine = configuration.machine
        cost[k] = compute_usd(billed, machine) + surplus_usd(billed, cpu, machine)
    return Outcome(
        hours=minutes / 60.0,
        cost_usd=cost,
        bad_minute_share=totals[:, :, 1] / np.maximum(minutes_with_arrivals(demand), 1e-12),
        slow_share=totals[:, :, 2] / np.maximum(60.0 * demand.sum(axis=1), 1e-12),
        mean_instances=totals[:, :, 0] / minutes,
        max_instances=totals[:, :, 3],
        mean_cpu=totals[:, :, 4] / minutes,
        launches=totals[:, :, 5],
    )


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
    events = expand(configuration.schedules, start, demand.size)
    draws = draw(workload, seed)
    kept = np.empty((8, demand.size))
    record(
        parameters(configuration, workload, service),
        service_table(service, _largest(configuration, events)),
        events,
        draws,
        int(offsets(1, seed)[0]),
        empty_ring(draws.boots),
        demand,
        kept,
    )
    backlog = kept[7]
    in_service = kept[0].astype(np.int64)
    return Trajectory(
        start=start,
        in_service=in_service,
        billed=kept[1].astype(np.int64),
        cpu=kept[3],
        backlog_requests=backlog,
        bad=kept[5],
        demand_rps=demand,
        p99_ms=percentile_ms(service, in_service, backlog, demand),
        cost_usd=_cost_usd(kept, configuration.machine),
        extras=_extras(kept, demand),
    )


def _cost_usd(kept: FloatArray, machine: Machine) -> float:
    billed, cpu = kept[1].sum(keepdims=True), kept[3].mean(keepdims=True)
    return float((compute_usd(billed, machine) + surplus_usd(billed, cpu, machine))[0])


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
    limits = (
        size_limits(service, fitted(service.cv2), flat, SLOW_SHARE) * flat * service.capacity_rps
    )
    return limits.reshape(np.shape(sizes))
