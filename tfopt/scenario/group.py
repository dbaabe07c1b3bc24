"""A group as the simulator sees it: its machine, its sizes, how it scales, its SLO."""

from __future__ import annotations

from dataclasses import replace

from tfopt.errors import TfoptError
from tfopt.plan.model import REDACTED, InstanceGroup
from tfopt.pricing import Offer, PriceBook
from tfopt.pricing.sustained import sustained_share
from tfopt.scenario.fleet import is_mixed
from tfopt.scenario.pods import pod_of
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.scaling import Cadence, is_held, scaling_of, schedules_of
from tfopt.settings import PodsTable, Settings, Smt, WorkloadTable
from tfopt_sim.types import Configuration, Machine, Slo

MOST_INSTANCES = 5000  # a vendor's quota is far below; beyond, a bound is a slip of the keyboard


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


def present_configuration(
    group: InstanceGroup,
    machine: Machine,
    cadence: Cadence = "legacy",
    pods: PodsTable | None = None,
) -> Configuration:
    """Return the group's settings as the plan has them, bought on demand.

    Raises:
        NotAnalysedError: sizes are unknown until apply, or scale in a way not simulated yet.
    """
    low, high = group.min_size, group.max_size
    held = is_held(group) and not group.cluster_autoscaled
    stated = any(name in group.sites for name in ("min_size", "max_size", "desired_capacity"))
    creating = group.action == "create" and (stated or low is not None)
    if group.desired_capacity is None and held and not creating:
        raise NotAnalysedError(
            "nothing in the plan says how many run: no scaling policy, no desired_capacity"
        )
    desired = group.desired_capacity if group.desired_capacity is not None else low
    if desired is None or low is None or high is None:
        sites = [group.sites.get(name) for name in ("min_size", "max_size", "desired_capacity")]
        hidden = any(site is not None and site.value is REDACTED for site in sites)
        raise NotAnalysedError(
            "its sizes are sensitive" if hidden else "its sizes are known only after apply"
        )
    each = zones_each(group)
    low, high, desired = each * low, each * high, each * desired
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
        scaling=scaling_of(group, cadence, pods),
        schedules=tuple(schedules_of(group)),
    )


def zones_each(group: InstanceGroup) -> int:
    """Return how many instances one of a group's numbers stands for: one in each of its zones.

    Raises:
        NotAnalysedError: its numbers are per zone, and the plan does not tell how many there are.
    """
    if group.bounds_per == "total":
        return 1
    if group.zones is None:
        raise NotAnalysedError("its numbers are per zone, and its zones are not in the plan")
    return group.zones


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
    return slot_offers(group, book, settings)[0]


def slot_offers(group: InstanceGroup, book: PriceBook, settings: Settings) -> tuple[Offer, ...]:
    """Return the price book's entries of the types that the group may launch, in order.

    Where all instances are of the first type only that one.

    Raises:
        NotAnalysedError: a type, the region or a price is not known.
    """
    if group.region is None:
        raise NotAnalysedError("its region is not in the plan")
    slots = group.slots if is_mixed(group) else group.slots[:1]
    names = [slot.instance_type for slot in slots]
    return tuple(_offer(group, group.region, name, book, settings) for name in names)


def _offer(
    group: InstanceGroup, region: str, name: str, book: PriceBook, settings: Settings
) -> Offer:
    system = group.operating_system
    system = settings.defaults.operating_system if system == "unknown" else system
    if group.own_licence:
        system = "linux"  # whose price it pays
    try:
        offer = book.offer(group.cloud, region, name, system)
    except TfoptError as problem:
        raise NotAnalysedError(str(problem)) from None
    if offer.burst is None and offer.baseline_cpu < 1:
        raise NotAnalysedError(
            f"{offer.instance_type} is throttled by rules that its vendor does not publish"
        )
    return pod_of(offer, group) if group.unit == "pod" else offer


def is_sustained(offer: Offer) -> bool:
    """Tell whether a type keeps its full speed for good, by paying for what exceeds its credits."""
    return offer.baseline_cpu >= 1 if offer.burst is None else offer.burst.unlimited


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


def machine_of(
    offer: Offer,
    reference: Offer,
    smt: Smt = "linear",
    unlimited: bool | None = None,
    *,
    whole_month: bool = False,
) -> Machine:
    """Return the offer as the simulator sees it, its speed relative to the reference type's.

    With `smt` "measured", a vCPU is faster while its core's other hyper-thread idles.
    `unlimited` is what the plan says of the credit mode; None leaves the vendor's default. What
    runs a `whole_month` gets its vendor's sustained-use discount.
    """
    burst = offer.burst
    if burst is not None and unlimited is not None:
        burst = replace(burst, unlimited=unlimited)
    mine, theirs = offer.throughput_per_vcpu, reference.throughput_per_vcpu
    return Machine(
        name=offer.instance_type,
        vcpus=offer.vcpus,
        memory_gib=offer.memory_gib,
        usd_per_hour=offer.usd_per_hour * (1.0 - (sustained_share(offer) if whole_month else 0.0)),
        speed=mine / theirs if mine and theirs else 1.0,
        architecture=offer.architecture,
        burst=burst,
        boost=offer.boost or 1.0 if smt == "measured" else 1.0,
        threads_per_core=offer.threads_per_core or 1,
    )
