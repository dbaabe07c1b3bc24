"""Puts one group of a plan together with its prices and its traffic: everything a policy may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tfopt_sim.types import (
    Configuration,
    Demand,
    FloatArray,
    Machine,
    ScheduledAction,
    Slo,
    TargetTracking,
    Workload,
)

from tfopt.errors import TfoptError
from tfopt.plan.model import (
    InstanceGroup,
    OtherScaler,
    ScheduleScaler,
    TargetTrackingScaler,
)
from tfopt.pricing import Offer, PriceBook
from tfopt.pricing.candidates import CandidateRules, candidates
from tfopt.settings import DemandTable, Settings, WorkloadTable

if TYPE_CHECKING:
    from tfopt_policies.policy import Knobs, Problem

    from tfopt.traffic import Reading

ASSUMED_PROFILE = "diurnal"
ASSUMED_PEAK_CPU = 0.6  # how busy the assumed weekly peak makes the instances it was sized for
ASSUMED_CPU_MS = 20.0
MIN_SIZED_SHARE = 0.75  # share of max_size that a scaled group is assumed to need at its peak
SEARCH_SCENARIOS = 32
HELD_BACK_SCENARIOS = 200
_CPU_METRICS = {"ASGAverageCPUUtilization", "ECSServiceAverageCPUUtilization"}
_SCALE_IN_RATIO = {"instance": 0.7, "task": 0.9, "pod": 0.9}  # AWS: 0.7 EC2, 0.9 application


class NotAnalysedError(Exception):
    """A group that cannot be simulated honestly yet; the message is the reason shown."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a group was asked for, and how sure we are of it."""

    demand: Demand
    source: str
    notes: tuple[str, ...]
    assumed: bool
    workload: Workload


@dataclass(frozen=True, slots=True)
class Case:
    """One group, ready to be decided."""

    group: InstanceGroup
    traffic: Traffic
    problem: Problem
    held_back_rps: FloatArray  # (scenarios, minutes), never shown to a policy
    start: datetime  # of the simulated horizon
    offers: dict[str, Offer]  # by type, every machine of the problem
    other_architectures: tuple[Machine, ...]  # cheaper per unit of work, but another image
    forecast_skill: float | None
    notes: tuple[str, ...]


def slo_of(settings: Settings, table: WorkloadTable | None) -> Slo:
    """Return the SLO of a group: its workload's, else the defaults', else tfopt's own."""
    levels = ([table.slo] if table else []) + [settings.defaults.slo]
    fallback = Slo()
    p99_ms = next((s.p99_ms for s in levels if s.p99_ms is not None), fallback.p99_ms)
    bad = next(
        (s.max_bad_minutes for s in levels if s.max_bad_minutes is not None),
        fallback.max_bad_minutes,
    )
    return Slo(p99_ms=p99_ms, max_bad_minutes=bad)


def present_configuration(group: InstanceGroup, machine: Machine) -> Configuration:
    """Return the group's settings as the plan has them.

    Raises:
        NotAnalysedError: sizes are unknown until apply, or scale in a way not simulated yet.
    """
    low, high = group.min_size, group.max_size
    desired = group.desired_capacity if group.desired_capacity is not None else low
    if desired is None or low is None or high is None:
        raise NotAnalysedError("its sizes are known only after apply")
    if group.bounds_per == "zone":
        raise NotAnalysedError("its bounds are per zone, which is not simulated yet")
    if high == 0:
        raise NotAnalysedError("it is switched off (max_size 0)")
    return Configuration(
        machine=machine,
        min_size=low,
        max_size=high,
        desired_capacity=min(max(desired, low), high),
        scaling=_scaling(group),
        schedules=tuple(_schedules(group)),
    )


def _scaling(group: InstanceGroup) -> TargetTracking | None:
    for scaler in group.scalers:
        if isinstance(scaler, OtherScaler):
            raise NotAnalysedError(f"{scaler.address} is {scaler.what}, not simulated yet")
    tracking = [s for s in group.scalers if isinstance(s, TargetTrackingScaler)]
    if not tracking:
        return None
    if len(tracking) > 1:
        raise NotAnalysedError("several target-tracking policies act on it, not simulated yet")
    policy = tracking[0]
    if policy.metric not in _CPU_METRICS:
        raise NotAnalysedError(f"{policy.address} tracks {policy.metric}; only CPU is simulated")
    warmup_s = policy.warmup_s if policy.warmup_s is not None else group.warmup_s
    return TargetTracking(
        target_cpu=policy.target,
        scale_in_ratio=_SCALE_IN_RATIO[group.unit],
        metric_period_s=60 if group.detailed_monitoring or group.unit == "task" else 300,
        warmup_s=300.0 if warmup_s is None else warmup_s,
        scale_in=not policy.disable_scale_in,
    )


def _schedules(group: InstanceGroup) -> Iterable[ScheduledAction]:
    for scaler in group.scalers:
        if isinstance(scaler, ScheduleScaler) and scaler.recurrence is not None:
            yield ScheduledAction(
                recurrence=scaler.recurrence,
                time_zone=scaler.time_zone,
                min_size=scaler.min_size,
                max_size=scaler.max_size,
                desired_capacity=scaler.desired_capacity,
            )


def present_offer(group: InstanceGroup, book: PriceBook, settings: Settings) -> Offer:
    """Return the price book's entry of the group's present type.

    Raises:
        NotAnalysedError: the type, its region or its price is not known.
    """
    if group.unit == "task":
        raise NotAnalysedError("it runs tasks, which have no price of their own in the price book")
    if not group.slots:
        raise NotAnalysedError("its instance type is known only after apply")
    if any(slot.weight != 1 for slot in group.slots):
        raise NotAnalysedError("its types carry weights, which are not simulated yet")
    if group.region is None:
        raise NotAnalysedError("its region is not in the plan")
    system = group.operating_system
    system = settings.defaults.operating_system if system == "unknown" else system
    try:
        return book.offer(group.cloud, group.region, group.slots[0].instance_type, system)
    except TfoptError as problem:
        raise NotAnalysedError(str(problem)) from None


def machine_of(offer: Offer, present: Offer) -> Machine:
    """Return the offer as the simulator sees it, its speed relative to the present type's."""
    mine, theirs = offer.throughput_per_vcpu, present.throughput_per_vcpu
    return Machine(
        name=offer.instance_type,
        vcpus=offer.vcpus,
        memory_gib=offer.memory_gib,
        usd_per_hour=offer.usd_per_hour,
        speed=mine / theirs if mine and theirs else 1.0,
        architecture=offer.architecture,
        burst=offer.burst,
    )


def traffic_of(
    group: InstanceGroup, settings: Settings, table: WorkloadTable | None, present: Configuration
) -> Traffic:
    """Return what the group was asked for: measured where a workload says, else assumed."""
    cpu_ms = table.cpu_ms_per_request if table else None
    if table is None or table.demand is None or table.demand.profile is not None:
        return _assumed(table, present)
    source = table.demand
    notes: list[str] = []
    if source.cpu_percent is not None:
        reading = _read_cpu(settings.folder, source)
        cpu_ms, reading, more = _requests_from_cpu(
            reading, settings, source, cpu_ms, present.machine.vcpus
        )
        notes += more
    else:
        reading = _read_rate(settings.folder, source)
    if cpu_ms is None:
        raise TfoptError(
            f"the workload of {group.address} needs cpu_ms_per_request, or cpu_percent and "
            "instances columns to infer it from",
            where=settings.folder / settings.name,
        )
    return Traffic(
        demand=reading.demand,
        source=reading.source,
        notes=(*reading.notes, *notes),
        assumed=False,
        workload=_workload(table, cpu_ms),
    )


def _workload(table: WorkloadTable | None, cpu_ms: float) -> Workload:
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
        return read_cloudwatch_json(folder / source.cloudwatch_json)
    if source.prometheus_json is not None:
        return read_prometheus_json(folder / source.prometheus_json)
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
    busy: Reading, settings: Settings, source: DemandTable, cpu_ms: float | None, vcpus: float
) -> tuple[float, Reading, list[str]]:
    """Turn busy instances into requests/s, and infer the CPU time of one where a rate stands too."""
    import numpy as np
    from tfopt.traffic import read_csv

    busy_vcpus = busy.demand.rps * vcpus
    if source.column is not None:
        assert source.csv is not None
        rate = read_csv(settings.folder / source.csv, column=source.column)
        if cpu_ms is not None:
            return cpu_ms, rate, []
        both = np.nanmean(busy_vcpus) / np.nanmean(rate.demand.rps) * 1000
        return both, rate, [f"CPU time per request inferred from CPU and rate: {both:.1f} ms"]
    notes = []
    if cpu_ms is None:
        cpu_ms = ASSUMED_CPU_MS
        notes.append(f"no request rate given: latency assumes {cpu_ms:.0f} ms of CPU per request")
    rate_demand = replace(busy.demand, rps=busy_vcpus / (cpu_ms / 1000))
    return cpu_ms, replace(busy, demand=rate_demand), notes


def _assumed(table: WorkloadTable | None, present: Configuration) -> Traffic:
    """Assume that the group was sized for the weekly peak of a named profile."""
    from datetime import UTC, timedelta

    from tfopt_sim.profiles import profile_demand

    name = ASSUMED_PROFILE
    if table is not None and table.demand is not None and table.demand.profile is not None:
        name = table.demand.profile
    cpu_ms = table.cpu_ms_per_request if table else None
    workload = _workload(table, cpu_ms or ASSUMED_CPU_MS)
    if present.scaling is None:
        sized, cpu = present.desired_capacity, ASSUMED_PEAK_CPU
    else:
        sized = max(present.desired_capacity, round(MIN_SIZED_SHARE * present.max_size))
        cpu = present.scaling.target_cpu
    machine = present.machine
    peak_rps = cpu * sized * machine.vcpus * machine.speed / workload.cpu_s_per_request
    # a fixed Monday: the same input must give the same bytes on every day
    start = datetime(2026, 1, 5, tzinfo=UTC) - timedelta(days=28)
    try:
        demand = profile_demand(name, peak_rps, start, 28)
    except ValueError as problem:
        raise TfoptError(str(problem)) from None
    note = (
        f"no measured traffic: assumes that {sized} × {machine.name} at {cpu:.0%} CPU is what the "
        f"weekly peak of the '{name}' profile takes"
    )
    return Traffic(demand, f"assumed profile '{name}'", (note,), True, workload)


def build_case(
    group: InstanceGroup,
    settings: Settings,
    book: PriceBook,
    *,
    knobs: Knobs,
    horizon_s: int,
    seed: int,
) -> Case:
    """Put a group together with its machines, its traffic and its futures.

    Raises:
        NotAnalysedError: the group cannot be simulated honestly; the reason is shown.
        TfoptError: the user's own files are wrong.
    """
    import numpy as np
    from tfopt_policies.policy import Problem
    from tfopt_sim.forecast import fit, skill

    table = settings.workload_of(group.address)
    offer = present_offer(group, book, settings)
    present = present_configuration(group, machine_of(offer, offer))
    traffic = traffic_of(group, settings, table, present)
    same, other = _machines(book, offer, settings, table)
    model = fit(traffic.demand)
    paths = model.sample(
        np.random.default_rng(seed), SEARCH_SCENARIOS + HELD_BACK_SCENARIOS, horizon_s, 60
    )
    machines = (present.machine, *(machine_of(o, offer) for o in same))
    problem = Problem(
        history=traffic.demand,
        model=model,
        scenarios_rps=paths[:SEARCH_SCENARIOS],
        workload=traffic.workload,
        slo=slo_of(settings, table),
        present=present,
        machines=machines if knobs.instance_type else machines[:1],
        knobs=knobs,
    )
    return Case(
        group=group,
        traffic=traffic,
        problem=problem,
        held_back_rps=paths[SEARCH_SCENARIOS:],
        start=model.start,
        offers={o.instance_type: o for o in (offer, *same, *other)},
        other_architectures=tuple(machine_of(o, offer) for o in other),
        forecast_skill=None if traffic.assumed else skill(traffic.demand),
        notes=(*_mixed_notes(group), *traffic.notes),
    )


def _mixed_notes(group: InstanceGroup) -> Iterable[str]:
    if len(group.slots) > 1:
        first = group.slots[0].instance_type
        yield f"{len(group.slots)} types are listed: priced and simulated on the first, {first}"
    if group.spot_share > 0:
        yield f"{group.spot_share:.0%} may run on spot: priced on demand, the upper end"


def _machines(
    book: PriceBook, offer: Offer, settings: Settings, table: WorkloadTable | None
) -> tuple[list[Offer], list[Offer]]:
    """Return exchangeable offers of an allowed architecture, and those that need another image."""
    defaults = settings.defaults
    allowed = set(defaults.architectures or ()) | {offer.architecture}
    found = candidates(
        book,
        offer,
        CandidateRules(
            allowed_families=defaults.allowed_families,
            denied_families=defaults.denied_families,
            architectures=("x86_64", "arm64"),
            min_memory_gib=table.memory_gib_per_instance if table else None,
        ),
    )
    same = [o for o in found if o.architecture in allowed and o.throughput_per_vcpu]
    other = [o for o in found if o.architecture not in allowed and o.throughput_per_vcpu]
    return (same if offer.throughput_per_vcpu else []), other[:2]
