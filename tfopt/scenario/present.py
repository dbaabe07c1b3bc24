"""A group under its present settings, before anything is known of its traffic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tfopt.plan.model import InstanceGroup
from tfopt.pricing import Offer, PriceBook
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
from tfopt.settings import Settings
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
    cadence = table.alarm_cadence if table else "legacy"
    plain = present_configuration(group, machine(offers[0]), cadence)
    return replace(plain, fleet=fleet_of(group, offers, machine))


def present_of(group: InstanceGroup, settings: Settings, book: PriceBook) -> Present:
    """Put a group together with its machine and its workload; demand may come from anywhere.

    Hyper-threads count as whole vCPUs (linear), unless the workload says `smt = "measured"`.

    Raises:
        NotAnalysedError: the group cannot be simulated honestly; the reason is shown.
        TfoptError: the user's own files are wrong.
    """
    table = settings.workload_of(group.address)
    offer = present_offer(group, book, settings)
    reference = reference_offer(group, offer, book, settings)
    linear = table is None or "smt" not in table.model_fields_set or table.smt != "measured"

    def machine(of: Offer) -> Machine:
        made = machine_of(of, reference, group.burst_unlimited)
        return replace(made, boost=1.0) if linear else made

    cpu_ms = table.cpu_ms_per_request if table else None
    notes = () if cpu_ms else (f"assumes {ASSUMED_CPU_MS:g} ms of CPU per request: none is given",)
    return Present(
        group=group,
        configuration=configuration_of(group, settings, book, machine),
        workload=workload_of(table, cpu_ms or ASSUMED_CPU_MS),
        slo=slo_of(settings, table),
        offer=offer,
        assumed=cpu_ms is None,
        notes=notes,
    )
