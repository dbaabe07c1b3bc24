"""What a group was asked for: measured where a workload says so, else a stated assumption."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfopt.errors import TfoptError
from tfopt.plan.model import InstanceGroup
from tfopt.scenario.cpu_demand import cpu_demand, moving
from tfopt.settings import DemandTable, Settings, WorkloadTable
from tfopt_sim.types import Configuration, Demand, Machine, Slo, Workload

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
    group: InstanceGroup,
    settings: Settings,
    present: Configuration,
    slo: Slo,
    measured_on: Machine,
) -> Traffic:
    """Return what the group was asked for: measured where a workload says, else assumed.

    Args:
        group: names the workload.
        settings: hold it.
        present: what an assumption goes by.
        slo: that an assumption respects.
        measured_on: the machine that CPU figures are of.

    Raises:
        TfoptError: the workload or its files cannot be used.
    """
    table = settings.workload_of(group.address)
    cpu_ms = table.cpu_ms_per_request if table else None
    if table is None or table.demand is None or table.demand.profile is not None:
        return _assumed(group.unit, table, present, slo)
    where = settings.place_of(table, "demand")
    if table.demand.cpu_percent is not None:
        found = cpu_demand(settings, table, measured_on, ASSUMED_CPU_MS)
        reading, cpu_ms, blind = found.reading, found.cpu_ms, found.blind
    else:
        reading, blind = moving(_read_rate(settings.folder, table.demand), where), False
    if cpu_ms is None:
        raise TfoptError(
            f"the workload of {group.address} needs cpu_ms_per_request, or cpu_percent and "
            "instances columns to infer it from",
            where=where,
        )
    notes: list[str] = []
    days = reading.demand.days
    if days < LEAST_DAYS:
        notes.append("under a day was measured: the hours it does not hold are assumed")
    return Traffic(
        demand=reading.demand,
        source=reading.source,
        notes=(*reading.notes, *notes),
        assumed=days < LEAST_DAYS or blind,
        workload=workload_of(table, cpu_ms),
        measured_days=days,
    )


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
    return read_csv(folder / source.csv, column=source.column, rate=True)


def _assumed(unit: str, table: WorkloadTable | None, present: Configuration, slo: Slo) -> Traffic:
    """Assume that the group was sized for the weekly peak of a named profile, SLO included."""
    from tfopt_policies.sizing import aimed_cpu
    from tfopt_sim.profiles import profile_demand
    from tfopt_sim.rollout import service_limits
    from tfopt_sim.saturation import busy_at, work_at

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
    curve = machine.boost, machine.threads_per_core
    peak_rps = min(work_at(cpu, *curve) * full_rps, ASSUMED_HEADROOM * within_slo)
    what = f"pod on {machine.name}" if unit == "pod" else machine.name
    # a fixed Monday: the same input must give the same bytes on every day
    start = datetime(2026, 1, 5, tzinfo=UTC) - timedelta(days=ASSUMED_DAYS)
    demand = profile_demand(name, peak_rps, start, ASSUMED_DAYS)
    note = (
        f"no measured traffic: assumes that the weekly peak of the '{name}' profile makes "
        f"{sized} × {what} {busy_at(peak_rps / full_rps, *curve):.0%} busy"
    )
    return Traffic(demand, f"assumed profile '{name}'", (note,), True, workload, 0.0)
