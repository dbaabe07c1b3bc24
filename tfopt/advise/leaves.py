"""Which settings of a group can be changed: found before deciding, so that advice is whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tfopt.hcl.findings import Move
from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.trace import Refusal, Trace, Tracer
from tfopt.patching.leaves import lifecycles_of, trace_site
from tfopt.plan.address import split_key
from tfopt.plan.model import InstanceGroup, Plan, Site, TargetTrackingScaler
from tfopt.scenario.group import is_held
from tfopt.settings import DefaultsTable
from tfopt_policies.policy import Knobs

Found = Trace | Refusal
GROWTH, LEAST_LARGEST = 5, 20  # no proposal above so many times the present ceiling
HeldBy = Literal["desired", "count", "minimum"]
_SIZED_BY = {"desired": "desired_capacity", "count": "desired_capacity", "minimum": "min_size"}
_PROBE_TYPE = "tfopt.probe"  # a type no cloud has: shows what moves with the literal


@dataclass(frozen=True, slots=True)
class Leaves:
    """The traced settings of one group, by JSON attribute name."""

    found: Mapping[str, Found]
    effective: frozenset[str]  # attributes that change what the group costs or serves
    no_sources: str = ""
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)  # where sources tell

    def patchable(self, attribute: str) -> bool:
        """Tell whether an edit can change this attribute."""
        return isinstance(self.found.get(attribute), Trace)

    @property
    def any_patchable(self) -> bool:
        """Tell whether the group can be changed at all."""
        return any(map(self.patchable, self.effective))

    def refusals(self) -> list[tuple[str, str]]:
        """Return attribute and reason for every setting that no edit can change."""
        return [
            (name, found.reason) for name, found in self.found.items() if isinstance(found, Refusal)
        ]


def trace_groups(plan: Plan, tracer: Tracer | None, no_sources: str) -> dict[str, Leaves]:
    """Trace every sizing attribute of every group of a plan, by group address."""
    if tracer is None:
        return {g.address: Leaves({}, effective(g), no_sources) for g in plan.groups}
    sites = _all_sites(plan.groups)
    return {
        group.address: Leaves(
            {name: _traced(group, name, site, tracer, sites) for name, site in group.sites.items()},
            effective(group),
            lifecycles=lifecycles_of(group, tracer),
        )
        for group in plan.groups
    }


def effective(group: InstanceGroup) -> frozenset[str]:
    """Return the attributes that change what the group costs or serves."""
    if is_held(group):
        return frozenset(("instance_type", _SIZED_BY[held_by(group)]))
    return frozenset(("instance_type", "min_size", "max_size", "target_cpu"))


def held_by(group: InstanceGroup) -> HeldBy:
    """Return which number sizes a group that nothing scales."""
    if "min_size" not in group.sites:
        return "count"
    return "desired" if group.desired_capacity is not None else "minimum"


_Place = tuple[tuple[str, ...], str, tuple[str | int, ...]]


def _place(site: Site) -> _Place:
    """Name the attribute that a site stands for, whichever counted instance carries it."""
    return site.module, site.resource, site.path


def _all_sites(groups: Iterable[InstanceGroup]) -> dict[_Place, tuple[str, str]]:
    return {
        _place(site): (group.address, name)
        for group in groups
        for name, site in group.sites.items()
    }


def _traced(
    group: InstanceGroup,
    attribute: str,
    site: Site,
    tracer: Tracer,
    sites: Mapping[_Place, tuple[str, str]],
) -> Found:
    found = trace_site(tracer, attribute, site)
    if isinstance(found, Refusal) or found.grade != "patchable-shared":
        return found
    # a literal that also sizes something tfopt decides would change that behind the decision's
    # back: a key that decides this group alone is taken instead, where one can be added
    taken, proof = tracer.narrowest(found, _probe(site))
    for other_group, other_attribute in _sized(proof.moves, sites):
        if (other_group, other_attribute) != (group.address, attribute):
            reason = f"the same literal is {other_attribute} of {other_group}"
            return Refusal(found.target, "patchable-shared", reason, found.hops, found.leaf)
    return taken


def _probe(site: Site) -> str | float:
    if isinstance(site.value, int | float) and not isinstance(site.value, bool):
        return site.value + 1
    return _PROBE_TYPE


def _sized(
    moves: Iterable[Move], sites: Mapping[_Place, tuple[str, str]]
) -> Iterable[tuple[str, str]]:
    by_address: dict[tuple[str, tuple[str | int, ...]], tuple[str, str]] = {}
    for (module, resource, path), owner in sites.items():
        by_address[(".".join((*module, resource)), path)] = owner
    for move in moves:
        moved = by_address.get((split_key(move.address)[0], move.path))
        if moved is not None:
            yield moved


def knobs_of(group: InstanceGroup, leaves: Leaves, defaults: DefaultsTable) -> Knobs:
    """Return what may be decided: what an edit can reach, or everything where nothing can be.

    Advice that an edit carries out only in part could be worse than none: a smaller type without
    the higher count that goes with it. So what cannot be edited is held as it is; where no setting
    can be edited, the advice is whole and comes without a patch.
    """

    def free(attribute: str) -> bool:
        return leaves.patchable(attribute) if leaves.any_patchable else attribute in group.sites

    held, by = is_held(group), held_by(group)
    tracks = any(isinstance(s, TargetTrackingScaler) for s in group.scalers)
    fixed = group.desired_capacity if not held and "desired_capacity" in group.sites else None
    standing = group.desired_capacity if held and by != "minimum" else group.min_size
    return Knobs(
        instance_type=free("instance_type"),
        min_size=free("min_size"),
        max_size=free("max_size"),
        desired_capacity=held and free(_SIZED_BY[by]),
        held_by=by,
        target_cpu=tracks and free("target_cpu"),
        max_target_cpu=defaults.max_target_cpu,
        largest_size=max(LEAST_LARGEST, GROWTH * (group.max_size or 0)),
        smallest_size=max(1, min(defaults.min_zones, standing or 1)),
        keep_ceiling=True,
        fixed_desired=fixed,
    )
