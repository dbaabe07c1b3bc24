"""A group under its present settings, before anything is known of its traffic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tfopt.plan.model import InstanceGroup
from tfopt.pricing import Offer, PriceBook
from tfopt.scenario.choice import with_types
from tfopt.scenario.cpu_demand import cpu_demand
from tfopt.scenario.demand import ASSUMED_CPU_MS, workload_of
from tfopt.scenario.fleet import fleet_of
from tfopt.scenario.group import (
    machine_of,
    present_configuration,
    present_offer,
    reference_offer,
    slo_of,
    slot_offers,
)
from tfopt.scenario.pods import check_room
from tfopt.scenario.sustained import runs_all_month, sustained_notes
from tfopt.settings import Settings, WorkloadTable
from tfopt_sim.types import Configuration, Machine, Slo, Workload


@dataclass(frozen=True, slots=True)
class Present:
    """One group, ready to be given a demand."""

    group: InstanceGroup
    configuration: Configuration
    workload: Workload
    slo: Slo
    offer: Offer
    assumed: bool  # the work of one request
    notes: tuple[str, ...]


def configuration_of(
    group: InstanceGroup,
    settings: Settings,
    book: PriceBook,
    machine: Callable[[Offer], Machine],
) -> Configuration:
    """Return a group's settings as the plan has them: sizes, scaling, and what it launches.

    Raises:
        NotAnalysedError: the group cannot be simulated honestly; the reason is shown.
    """
    table = settings.workload_of(group.address)
    offers = slot_offers(group, book, settings)
    cadence, pods = (table.alarm_cadence, table.pods) if table else ("legacy", None)
    plain = present_configuration(group, machine(offers[0]), cadence, pods)
    check_room(plain)
    return replace(plain, fleet=fleet_of(group, offers, machine))


def present_of(group: InstanceGroup, settings: Settings, book: PriceBook) -> Present:
    """Put a group together with its machine and its workload; demand may come from anywhere.

    Raises:
        NotAnalysedError: the group cannot be simulated honestly; the reason is shown.
        TfoptError: the user's own files are wrong.
    """
    group = with_types(group, book, settings)
    table = settings.workload_of(group.address)
    offer = present_offer(group, book, settings)
    reference = reference_offer(group, offer, book, settings)
    smt = table.smt if table else "linear"
    whole_month = runs_all_month(group, settings)

    def machine(of: Offer) -> Machine:
        return machine_of(of, reference, smt, group.burst_unlimited, whole_month=whole_month)

    cpu_ms, assumed, notes = _cpu_ms(settings, table, machine(reference))
    return Present(
        group=group,
        configuration=configuration_of(group, settings, book, machine),
        workload=workload_of(table, cpu_ms),
        slo=slo_of(settings, table),
        offer=offer,
        assumed=assumed,
        notes=(*sustained_notes(group, offer, settings), *notes),
    )


def _cpu_ms(
    settings: Settings, table: WorkloadTable | None, measured_on: Machine
) -> tuple[float, bool, tuple[str, ...]]:
    """Return the CPU time of a request, whether it is assumed, and what is to be said of it."""
    if table is not None and table.cpu_ms_per_request is not None:
        return table.cpu_ms_per_request, False, ()
    source = table.demand if table else None
    if table is not None and source is not None and source.cpu_percent and source.column:
        found = cpu_demand(settings, table, measured_on, ASSUMED_CPU_MS)
        return found.cpu_ms, False, tuple(found.reading.notes)
    said = f"assumes {ASSUMED_CPU_MS:g} ms of CPU per request: none is given"
    return ASSUMED_CPU_MS, True, (said,)
