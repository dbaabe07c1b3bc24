"""A group as the simulator sees it: its machine, its sizes, how it scales, its SLO."""

from __future__ import annotations

from collections.abc import Iterable

from tfopt.errors import TfoptError
from tfopt.plan.model import (
    REDACTED,
    InstanceGroup,
    OtherScaler,
    ScheduleScaler,
    TargetTrackingScaler,
)
from tfopt.pricing import Offer, PriceBook
from tfopt.settings import Settings, Smt, WorkloadTable
from tfopt_sim.types import Configuration, Machine, ScheduledAction, Slo, TargetTracking

_CPU_METRICS = {"ASGAverageCPUUtilization", "ECSServiceAverageCPUUtilization"}
MOST_INSTANCES = 5000  # a vendor's quota is far below; beyond, a bound is a slip of the keyboard
_SCALE_IN_RATIO = {"instance": 0.7, "task": 0.9, "pod": 0.9}  # AWS: 0.7 EC2, 0.9 application


class NotAnalysedError(Exception):
    """A group that cannot be simulated honestly yet; the message is the reason shown."""


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
    if group.desired_capacity is None and is_held(group) and group.action != "create":
        raise NotAnalysedError(
            "nothing in the plan says how many run: no scaling policy, no desired_capacity"
        )
    desired = group.desired_capacity if group.desired_capacity is not None else low
    if desired is None or low is None or high is None:
        raise NotAnalysedError("its sizes are known only after apply")
    if group.bounds_per == "zone":
        raise NotAnalysedError("its bounds are per zone, which is not simulated yet")
    if high == 0:
        raise NotAnalysedError("it is switched off (max_size 0)")
    largest = max(low, high, desired)
    if largest > MOST_INSTANCES:
        raise NotAnalysedError(
            f"it may have {largest:,} instances; at most {MOST_INSTANCES:,} are simulated"
        )
    return Configuration(
        machine=machine,
        min_size=low,
        max_size=high,
        desired_capacity=min(max(desired, low), high),
        scaling=tuple(_scaling(group)),
        schedules=tuple(_schedules(group)),
    )


def is_held(group: InstanceGroup) -> bool:
    """Tell whether nothing in the plan changes the group's size while it runs."""
    return not group.scalers


def _scaling(group: InstanceGroup) -> Iterable[TargetTracking]:
    for scaler in group.scalers:
        if isinstance(scaler, OtherScaler):
            raise NotAnalysedError(f"{scaler.address} is {scaler.what}, not simulated yet")
    tracking = [s for s in group.scalers if isinstance(s, TargetTrackingScaler)]
    if not tracking:
        return
    if len(tracking) > 1:
        raise NotAnalysedError("several target-tracking policies act on it, not simulated yet")
    policy = tracking[0]
    if policy.metric not in _CPU_METRICS:
        raise NotAnalysedError(f"{policy.address} tracks {policy.metric}; only CPU is simulated")
    warmup_s = policy.warmup_s if policy.warmup_s is not None else group.warmup_s
    yield TargetTracking(
        target=policy.target,
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
        site = group.sites.get("instance_type")
        hidden = site is not None and site.value is REDACTED
        raise NotAnalysedError(
            "its instance type is sensitive"
            if hidden
            else "its instance type is known only after apply"
        )
    if any(slot.weight != 1 for slot in group.slots):
        raise NotAnalysedError("its types carry weights, which are not simulated yet")
    if group.region is None:
        raise NotAnalysedError("its region is not in the plan")
    return _offer(group, group.region, book, settings)


def _offer(group: InstanceGroup, region: str, book: PriceBook, settings: Settings) -> Offer:
    system = group.operating_system
    system = settings.defaults.operating_system if system == "unknown" else system
    try:
        offer = book.offer(group.cloud, region, group.slots[0].instance_type, system)
    except TfoptError as problem:
        raise NotAnalysedError(str(problem)) from None
    if not is_sustained(offer, group.burst_unlimited):
        raise NotAnalysedError(
            f"{offer.instance_type} is throttled once its CPU credits are spent, not simulated yet"
        )
    return offer


def is_sustained(offer: Offer, unlimited: bool | None = None) -> bool:
    """Tell whether a type keeps its full speed for good, by paying for what exceeds its credits.

    `unlimited` is what the plan says of the credit mode; None leaves the vendor's default.
    """
    if offer.burst is None:
        return offer.baseline_cpu >= 1
    return offer.burst.unlimited if unlimited is None else unlimited


def reference_offer(
    group: InstanceGroup, present: Offer, book: PriceBook, settings: Settings
) -> Offer:
    """Return the type that the workload's CPU figures were measured on: the present one if silent.

    Raises:
        TfoptError: the workload names a type that the price book does not have.
    """
    table = settings.workload_of(group.address)
    if table is None or table.measured_on is None:
        return present
    try:
        return book.offer(present.cloud, present.region, table.measured_on)
    except TfoptError as problem:
        where = settings.place_of(table, "measured_on")
        raise TfoptError(f"measured_on of {group.address}: {problem}", where=where) from None


def machine_of(offer: Offer, reference: Offer, smt: Smt | None = "measured") -> Machine:
    """Return the offer as the simulator sees it, its speed relative to the reference type's.

    With `smt` "linear", a vCPU is as fast whether its core's other hyper-thread is busy or not.
    """
    mine, theirs = offer.throughput_per_vcpu, reference.throughput_per_vcpu
    return Machine(
        name=offer.instance_type,
        vcpus=offer.vcpus,
        memory_gib=offer.memory_gib,
        usd_per_hour=offer.usd_per_hour,
        speed=mine / theirs if mine and theirs else 1.0,
        architecture=offer.architecture,
        burst=offer.burst,
        boost=1.0 if smt == "linear" else offer.boost or 1.0,
        threads_per_core=offer.threads_per_core or 1,
    )
