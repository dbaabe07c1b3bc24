"""One group together with its machines, its traffic and its futures: all a policy may know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tfopt.plan.model import InstanceGroup
from tfopt.pricing import Offer, PriceBook
from tfopt.pricing.candidates import CandidateRules, candidates
from tfopt.scenario.choice import with_types
from tfopt.scenario.commitments import end_note, last_day
from tfopt.scenario.demand import Traffic, traffic_of
from tfopt.scenario.fleet import fleet_notes, holds_type, is_mixed, money_of, slot_of
from tfopt.scenario.group import (
    is_sustained,
    machine_of,
    present_offer,
    reference_offer,
    slo_of,
)
from tfopt.scenario.headroom import least_work
from tfopt.scenario.pods import has_room
from tfopt.scenario.present import configuration_of
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.sustained import runs_all_month, sustained_notes
from tfopt.settings import Settings, WorkloadTable
from tfopt_sim.types import FloatArray, Machine, Slo, Slot

if TYPE_CHECKING:
    from tfopt_policies.policy import Knobs, Problem
    from tfopt_sim.risk import Caution

SEARCH_SCENARIOS = 32
HELD_BACK_SCENARIOS = 200


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
    measured_on: str | None  # the type the workload says its CPU figures are of
    notes: tuple[str, ...]

    @property
    def forecast_rps(self) -> FloatArray:
        """What predictive scaling expects of each hour: the mean of all held-back scenarios."""
        from tfopt_sim.autoscaling.predictive import hourly_rps

        return hourly_rps(self.held_back_rps, self.start)


def build_case(
    group: InstanceGroup,
    settings: Settings,
    book: PriceBook,
    *,
    knobs: Knobs,
    horizon_s: int,
    seed: int,
    held_back: int = HELD_BACK_SCENARIOS,
    caution: Caution | None = None,
    committed_usd_per_hour: float = 0.0,
) -> Case:
    """Put a group together with its machines, its traffic and its futures.

    `caution` widens the futures beyond what the history shows; none by default, since whoever
    decides on them adds a margin. `committed_usd_per_hour` is the group's share of the commitments
    that the settings name.

    Raises:
        NotAnalysedError: the group cannot be simulated honestly; the reason is shown.
        TfoptError: the user's own files are wrong.
    """
    from tfopt_policies.policy import Problem
    from tfopt_sim.forecast import fit, skill
    from tfopt_sim.risk import PLAIN

    group = with_types(group, book, settings)
    table = settings.workload_of(group.address)
    offer = present_offer(group, book, settings)
    reference = reference_offer(group, offer, book, settings)
    seen = partial(
        machine_of,
        reference=reference,
        smt=table.smt if table else "linear",
        unlimited=group.burst_unlimited,
        whole_month=runs_all_month(group, settings),
    )
    present = configuration_of(group, settings, book, seen)
    slo = slo_of(settings, table)
    traffic = traffic_of(group, settings, present, slo, seen(reference))
    same, other = _machines(book, offer, settings, table, group)
    same, other = ([o for o in some if has_room(present, seen(o))] for some in (same, other))
    model = fit(traffic.demand, caution=caution or PLAIN)
    paths = model.sample(np.random.default_rng(seed), SEARCH_SCENARIOS + held_back, horizon_s, 60)
    ended = end_note(settings, last_day(traffic, model.start, horizon_s, offer))
    commitment = (0.0, 0.0) if ended else (committed_usd_per_hour, settings.defaults.discount)
    present = replace(present, money=money_of(group.disks, *commitment))
    knobs = replace(knobs, least_work=least_work(settings.defaults, present, traffic, paths))
    machines = (present.machine, *map(seen, same))
    _check_possible(machines, traffic, slo)
    problem = Problem(
        history=traffic.demand,
        model=model,
        scenarios_rps=paths[:SEARCH_SCENARIOS],
        workload=traffic.workload,
        slo=slo,
        present=present,
        machines=machines if knobs.instance_type else machines[:1],
        knobs=knobs,
        slots=_slots(group, (offer, *same, *other), seen),
    )
    return Case(
        group=group,
        traffic=traffic,
        problem=problem,
        held_back_rps=paths[SEARCH_SCENARIOS:],
        start=model.start,
        offers={o.instance_type: o for o in (offer, *same, *other)},
        other_architectures=tuple(map(seen, other)),
        measured_on=table.measured_on if table else None,
        forecast_skill=skill(traffic.demand) if traffic.measured_days else None,
        notes=(
            *_notes(group, offer, problem, settings, alone=not same),
            *([ended] if ended else []),
            *traffic.notes,
        ),
    )


def _notes(
    group: InstanceGroup, offer: Offer, problem: Problem, settings: Settings, *, alone: bool
) -> Iterable[str]:
    """Say what a reader must know; `alone`: that no other type is allowed."""
    yield from fleet_notes(group)
    yield from sustained_notes(group, offer, settings)
    yield from _credit_notes(problem.present.machine)
    if alone and problem.knobs.instance_type:
        yield from _rule_notes(offer, settings, settings.workload_of(group.address))


def _check_possible(machines: Sequence[Machine], traffic: Traffic, slo: Slo) -> None:
    """Refuse an SLO that even an idle machine misses.

    Raises:
        NotAnalysedError: the CPU time of a request alone is too long, on every machine.
    """
    from tfopt_sim.rollout import service_limits

    many = np.array([1000])
    if not any(service_limits(m, traffic.workload, slo, many)[0] > 0 for m in machines):
        raise NotAnalysedError(
            f"over 1 % of its requests need more than {slo.p99_ms:.0f} ms of CPU time on every "
            "type: check cpu_ms_per_request, service_cv2 and the SLO"
        )


def _slots(
    group: InstanceGroup, offers: Iterable[Offer], machine: Callable[[Offer], Machine]
) -> tuple[Slot, ...]:
    """Return each machine as the group would buy it; none where all is bought on demand."""
    if not is_mixed(group) or holds_type(group):
        return ()
    return tuple(slot_of(offer, machine(offer), 1, on_spot=True) for offer in offers)


def _credit_notes(machine: Machine) -> Iterable[str]:
    if machine.burst is not None:
        baseline = f"{machine.name} earns CPU credits for {machine.burst.baseline:.0%} of its vCPUs"
        if machine.burst.unlimited:
            yield f"{baseline}: what it uses beyond its balance is paid as surplus"
        else:
            yield f"{baseline}: without a balance it is throttled to that"


def _rule_notes(offer: Offer, settings: Settings, table: WorkloadTable | None) -> Iterable[str]:
    """Say why no other type was weighed."""
    if not offer.throughput_per_vcpu:
        yield f"no type is weighed against {offer.instance_type}: its speed is not known"
        return
    defaults = settings.defaults
    memory_gib = table.memory_gib_per_instance if table else None
    rules = {
        "allowed_families": ", ".join(defaults.allowed_families or ()),
        "denied_families": ", ".join(defaults.denied_families),
        "memory_gib_per_instance": "" if memory_gib is None else f"{memory_gib:g}",
    }
    given = " and ".join(f"{name} ({value})" for name, value in rules.items() if value)
    left = f"{given} leave none" if given else "the price book has none to exchange it for"
    yield f"no type is weighed against {offer.instance_type}: {left}"


def _machines(
    book: PriceBook,
    offer: Offer,
    settings: Settings,
    table: WorkloadTable | None,
    group: InstanceGroup,
) -> tuple[list[Offer], list[Offer]]:
    """Return exchangeable offers of an allowed architecture, and those that need another image."""
    if group.requirements or group.unit == "pod":
        return [], []  # attributes, or another resource, would have to change
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
            min_vcpus=group.least_vcpus,
        ),
    )
    on_spot = group.spot_share > 0
    usable = [
        o
        for o in found
        if o.throughput_per_vcpu
        and is_sustained(o)
        and (o.usd_per_hour_spot is not None or not on_spot)
    ]
    same = [o for o in usable if o.architecture in allowed]
    other = [o for o in usable if o.architecture not in allowed]
    return (same if offer.throughput_per_vcpu else []), other[:2]
