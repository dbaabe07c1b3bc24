"""What a group was asked for: measured where a workload says so, else a stated assumption."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfopt.errors import TfoptError
from tfopt.plan.model import InstanceGroup
from tfopt.settings import DemandTable, Settings, WorkloadTable
from tfopt_sim.types import Configuration, Demand, Slo, Workload

if TYPE_CHECKING:
    from tfopt.traffic import Reading

ASSUMED_PROFILE = "diurnal"
ASSUMED_PEAK_CPU = 0.6  # how busy the assumed weekly peak makes the instances it was sized for
ASSUMED_HEADROOM = 0.7  # of the rate that still holds the SLO: small groups peak at less CPU
ASSUMED_CPU_MS = 20.0
ASSUMED_DAYS = 28
LEAST_DAYS = 1.0  # of history; below, the hours that were not measured are assumed
SIZED_SHARE = 0.75  # share of max_size that a scaled group is assumed to need at its peak


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a group was asked for, and how sure we are of it."""

    demand: Demand
    source: str
    notes: tuple[str, ...]
    assumed: bool  # in part at least: nothing is changed on the strength of it unasked
    workload: Workload
    measured_days: float  # 0 where all of it is assumed


def traffic_of(
    group: InstanceGroup, settings: Settings, present: Configuration, slo: Slo, vcpus: float
) -> Traffic:
    """Return what the group was asked for: measured where a workload says, else assumed.

    Args:
        group: names the workload.
        settings: hold it.
        present: what an assumption goes by.
        slo: that an assumption respects.
        vcpus: of an instance of the type that CPU figures were measured on.

    Raises:
        TfoptError: the workload or its files cannot be used.
    """
    table = settings.workload_of(group.address)
    cpu_ms = table.cpu_ms_per_request if table else None
    if table is None or table.demand is None or table.demand.profile is not None:
        return _assumed(table, present, slo)
    source = table.demand
    where = settings.place_of(table, "demand")
    notes: list[str] = []
    if source.cpu_percent is not None:
        reading = _moving(_read_cpu(settings.folder, source), where)
        cpu_ms, reading, more = _requests_from_cpu(reading, settings, table, vcpus)
        notes += more
    else:
        reading = _moving(_read_rate(settings.folder, source), where)
    if cpu_ms is None:
        raise TfoptError(
            f"the workload of {group.address} needs cpu_ms_per_request, or cpu_percent and "
            "instances columns to infer it from",
            where=where,
        )
    days = reading.demand.days
    if days < LEAST_DAYS:
        notes.append("under a day was measured: the hours it does not hold are assumed")
    return Traffic(
        demand=reading.demand,
        source=reading.source,
        notes=(*reading.notes, *notes),
        assumed=days < LEAST_DAYS,
        workload=workload_of(table, cpu_ms),
        measured_days=days,
    )


def _moving(reading: Reading, where: str) -> Reading:
    """Return the reading; refuse one in which nothing was ever asked."""
    if not np.nanmax(reading.demand.rps) > 0:
        raise TfoptError(
            f"{reading.source} holds nothing but zeros",
            where=where,
            hint="The metric never moved: is it the wrong column or metric?",
        )
    return reading


def workload_of(table: WorkloadTable | None, cpu_ms: float) -> Workload:
    """Return what a request costs and how instances take it; defaults where no table says."""
    table = table or WorkloadTable(match="*")
    return Workload(
        cpu_s_per_request=cpu_ms / 1000,
        service_cv2=table.service_cv2,
        boot_s=table.boot_s,
        boot=table.boot,
        balancing=table.balancing,
        timeout_s=table.timeout_s,
    )


def _read_rate(folder: Path, source: DemandTable) -> Reading:
    from tfopt.traffic import read_cloudwatch_json, read_csv, read_prometheus_json

    if source.cloudwatch_json is not None:
        return read_cloudwatch_json(
            folder / source.cloudwatch_json, metric=source.metric, per=source.per or "period"
        )
    if source.prometheus_json is not None:
        return read_prometheus_json(folder / source.prometheus_json, series=source.series)
    assert source.csv is not None  # the settings allow no fourth kind
    return read_csv(folder / source.csv, column=source.column)


def _read_cpu(folder: Path, source: DemandTable) -> Reading:
    from tfopt.traffic import read_csv_cpu

    assert source.csv is not None
    assert source.cpu_percent is not None
    assert source.instances is not None
    return read_csv_cpu(
        folder / source.csv, cpu_percent=source.cpu_percent, instances=source.instances
    )


def _requests_from_cpu(
    busy: Reading, settings: Settings, table: WorkloadTable, vcpus: float
) -> tuple[float, Reading, list[str]]:
    """Turn busy instances into requests/s; infer the CPU time of one where a rate stands too."""
    from tfopt.traffic import read_csv

    source, cpu_ms = table.demand, table.cpu_ms_per_request
    assert source is not None
    busy_vcpus = busy.demand.rps * vcpus
    if source.column is not None:
        assert source.csv is not None
        rate = read_csv(settings.folder / source.csv, column=source.column)
        rate = _moving(rate, settings.place_of(table, "demand"))
        if cpu_ms is not None:
            return cpu_ms, rate, []
        both = float(np.nanmean(busy_vcpus) / np.nanmean(rate.demand.rps)) * 1000
        return both, rate, [f"CPU time per request inferred from CPU and rate: {both:.1f} ms"]
    notes = []
    if cpu_ms is None:
        cpu_ms = ASSUMED_CPU_MS
        notes.append(f"no request rate given: latency assumes {cpu_ms:.0f} ms of CPU per request")
    rate_demand = replace(busy.demand, rps=busy_vcpus / (cpu_ms / 1000))
    return cpu_ms, replace(busy, demand=rate_demand), notes


def _assumed(table: WorkloadTable | None, present: Configuration, slo: Slo) -> Traffic:
    """Assume that the group was sized for the weekly peak of a named profile, SLO included."""
    from tfopt_policies.sizing import aimed_cpu
    from tfopt_sim.profiles import profile_demand
    from tfopt_sim.rollout import service_limits

    name = ASSUMED_PROFILE
    if table is not None and table.demand is not None and table.demand.profile is not None:
        name = table.demand.profile
    cpu_ms = table.cpu_ms_per_request if table else None
    workload = workload_of(table, cpu_ms or ASSUMED_CPU_MS)
    sized = present.desired_capacity
    if present.scaling:
        sized = max(sized, round(SIZED_SHARE * present.max_size))
    if present.fleet.slots:  # sizes count what an instance stands for
        sized = max(1, sized // present.fleet.slots[0].weight)
    cpu = aimed_cpu(present, workload) or ASSUMED_PEAK_CPU
    machine = present.machine
    full_rps = sized * machine.vcpus * machine.speed / workload.cpu_s_per_request
    within_slo = float(service_limits(machine, workload, slo, np.array([sized]))[0])
    peak_rps = min(cpu * full_rps, ASSUMED_HEADROOM * within_slo)
    # a fixed Monday: the same input must give the same bytes on every day
    start = datetime(2026, 1, 5, tzinfo=UTC) - timedelta(days=ASSUMED_DAYS)
    demand = profile_demand(name, peak_rps, start, ASSUMED_DAYS)
    note = (
        f"no measured traffic: assumes that the weekly peak of the '{name}' profile makes "
        f"{sized} × {machine.name} {peak_rps / full_rps:.0%} busy"
    )
    return Traffic(demand, f"assumed profile '{name}'", (note,), True, workload, 0.0)
