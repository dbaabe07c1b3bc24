"""Turns how busy a group was into what it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tfopt.errors import TfoptError
from tfopt.settings import Settings, WorkloadTable
from tfopt_sim.types import FloatArray, Machine

if TYPE_CHECKING:
    from tfopt.traffic import CpuReading, Reading

BLIND_SHARE = 0.5  # of saturated steps: beyond, what was asked for is not known
LEAST_IDLE = 0.01  # share of a vCPU without requests that is worth a word
LEAST_EXPLAINED = 0.5  # share of CPU's variance, below which a warning is due


@dataclass(frozen=True, slots=True)
class CpuDemand:
    """Requests per second, and the CPU time of one."""

    reading: Reading
    cpu_ms: float
    blind: bool = False  # most of it is hidden behind saturation


def moving(reading: Reading, where: str) -> Reading:
    """Return the reading; refuse one in which nothing was ever asked.

    Raises:
        TfoptError: it holds nothing but zeros.
    """
    if not np.nanmax(reading.demand.rps) > 0:
        raise TfoptError(
            f"{reading.source} holds nothing but zeros",
            where=where,
            hint="The metric never moved: is it the wrong column or metric?",
        )
    return reading


def cpu_demand(
    settings: Settings, table: WorkloadTable, machine: Machine, assumed_cpu_ms: float
) -> CpuDemand:
    """Return what a workload with CPU columns was asked for.

    CPU is utilisation: it becomes work on the machine's own curve, and requests through the CPU
    time of one, which a rate in the same file lets us infer.

    Args:
        settings: hold the workload.
        table: of the workload, with `demand.cpu_percent`.
        machine: that the CPU figures are of.
        assumed_cpu_ms: CPU time of a request where neither it nor a rate is given.

    Raises:
        TfoptError: the file cannot be used, or CPU does not follow the rate.
    """
    from tfopt.traffic import read_csv, read_csv_cpu

    source, where = table.demand, settings.place_of(table, "demand")
    assert source is not None
    assert source.csv is not None
    assert source.cpu_percent is not None
    assert source.instances is not None
    path = settings.folder / source.csv
    columns = {"cpu_percent": source.cpu_percent, "instances": source.instances}
    busy = read_csv_cpu(path, **columns, column=source.column)
    moving(busy, where)
    if source.column is None:
        return _requests_of(busy, table.cpu_ms_per_request, assumed_cpu_ms, machine)
    rate = moving(read_csv(path, column=source.column), where)
    if table.cpu_ms_per_request is not None:
        return CpuDemand(rate, table.cpu_ms_per_request)
    cpu_ms, notes = _inferred(busy, machine, where)
    return CpuDemand(replace(rate, notes=[*rate.notes, *notes]), cpu_ms)


def _work(busy: CpuReading, machine: Machine) -> FloatArray:
    """Return the work of a vCPU in each step, as a share of what it does when all are busy."""
    from tfopt_sim.saturation import work_series

    return work_series(busy.cpu, machine.boost, machine.threads_per_core)


def _requests_of(
    busy: CpuReading, cpu_ms: float | None, assumed_cpu_ms: float, machine: Machine
) -> CpuDemand:
    """Turn CPU alone into requests/s, what saturated steps hide drawn on top."""
    from tfopt.scenario.censored import with_hidden_demand
    from tfopt.traffic import Reading

    notes = []
    if cpu_ms is None:
        cpu_ms = assumed_cpu_ms
        notes.append(f"no request rate given: latency assumes {cpu_ms:.0f} ms of CPU per request")
    rps = _work(busy, machine) * busy.instances * machine.vcpus / (cpu_ms / 1000)
    demand = with_hidden_demand(replace(busy.demand, rps=rps), busy.saturated)
    if busy.saturated.any():
        added = np.nansum(demand.rps) / np.nansum(rps) - 1
        notes.append(
            f"steps with hidden demand are drawn from what their hour of the week makes likely: "
            f"{added:.1%} more requests than were served; better measure the request rate"
        )
    blind = busy.saturated_share > BLIND_SHARE
    if blind:
        notes.append("saturated most of the time: what was asked for is not known")
    return CpuDemand(Reading(demand, busy.source, [*busy.notes, *notes]), cpu_ms, blind)


def _inferred(busy: CpuReading, machine: Machine, where: str) -> tuple[float, list[str]]:
    """Return the CPU time of a request in ms, from CPU and rate side by side, and its notes.

    Raises:
        TfoptError: CPU does not follow the rate.
    """
    from tfopt.scenario.service_time import UnrelatedError, infer_service_time

    assert busy.rps is not None
    vcpus = np.where(busy.instances > 0, busy.instances * machine.vcpus, np.nan)
    work = np.where(busy.saturated, np.nan, _work(busy, machine))
    try:
        found = infer_service_time(work, busy.rps / vcpus, 86_400 / busy.demand.step_s)
    except UnrelatedError as problem:
        raise TfoptError(
            f"CPU and request rate do not go together: {problem}",
            where=where,
            hint="Are both of this group? Give cpu_ms_per_request, or leave cpu_percent out",
        ) from None
    own, low, high = (_ms(s) for s in (found.cpu_s, found.low_s, found.high_s))
    notes = [f"CPU time per request inferred: {own} ms (95 % interval {low}–{high})"]
    if found.idle is None:
        notes.append("the request rate hardly varies: all CPU is counted as the requests'")
    elif found.idle >= LEAST_IDLE:
        notes.append(
            f"{found.idle:.0%} of each vCPU is busy without requests: counted as "
            f"{_ms(found.capacity_s)} ms per request, which leaves the same capacity"
        )
    if found.explained < LEAST_EXPLAINED:
        notes.append(
            f"the request rate explains only {found.explained:.0%} of how CPU varies: something "
            "else runs there, or requests differ; check before you trust the CPU time"
        )
    if busy.saturated.any():
        notes.append(f"{busy.saturated_share:.1%} of the steps are saturated: left out of it")
    return 1000 * found.capacity_s, notes


def _ms(seconds: float) -> str:
    """Return milliseconds in three digits, zeros included."""
    return f"{1000 * seconds:#.3g}".rstrip(".")
