"""Which settings of a group can be changed: found before deciding, so that advice is whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tfopt.hcl.findings import Move
from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.trace import Refusal, Trace, Tracer
from tfopt.patching.leaves import lifecycles_of, trace_site
from tfopt.plan.address import split_key
from tfopt.plan.model import InstanceGroup, Plan, Site
from tfopt.plan.scalers import cpu_target
from tfopt.scenario.fleet import holds_type
from tfopt.scenario.scaling import is_held
from tfopt.settings import DefaultsTable
from tfopt_policies.policy import Knobs

Found = Trace | Refusal
GROWTH, LEAST_LARGEST = 5, 20  # no proposal above so many times the present ceiling
HeldBy = Literal["desired", "count", "minimum"]
_SIZED_BY = {"desired": "desired_capacity", "count": "desired_capacity", "minimum": "min_size"}
_PROBE_TYPE = "tfopt.probe"  # a type no cloud has: shows what moves with the literal


@dataclass(frozen=True, slots=True)
class Leaves:
    """The traced settings of one group, by JSON attribute name.

    `shared` names the other groups of its plan whose same attribute the literal is too: such a
    setting may be changed only together with theirs (`tfopt.advise.shared`).
    """

    found: Mapping[str, Found]
    effective: frozenset[str]  # attributes that change what the group costs or serves
    no_sources: str = ""
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)  # where sources tell
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def patchable(self, attribute: str) -> bool:
        """Tell whether an edit can change this attribute."""
        return isinstance(self.found.get(attribute), Trace)

    @property
    def any_patchable(self) -> bool:
        """Tell whether the group can be changed at all."""
        return any(map(self.patchable, self.effective))

    def refusing(self, reasons: Mapping[str, str]) -> Leaves:
        """Return the leaves without the shared literals that are not to be edited, and why not."""
        held = {
            name: Refusal(found.target, "patchable-shared", reasons[name], found.hops, found.leaf)
            for name, found in self.found.items()
            if name in reasons and isinstance(found, Trace)
        }
        return replace(self, found={**self.found, **held})

    @property
    def ignored(self) -> int:
        """Count the settings that a `tfopt:ignore` comment leaves alone."""
        return sum(found.grade == "ignored-by-comment" for found in self.found.values())

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
    return {g.address: _leaves(g, tracer, sites) for g in plan.groups}


def _leaves(group: InstanceGroup, tracer: Tracer, sites: _Sites) -> Leaves:
    traced = {n: _traced(group, n, site, tracer, sites) for n, site in group.sites.items()}
    return Leaves(
        {name: found for name, (found, _) in traced.items()},
        effective(group),
        lifecycles=lifecycles_of(group, tracer),
        shared={name: others for name, (_, others) in traced.items() if others},
    )


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


def sized_by(group: InstanceGroup) -> str | None:
    """Return the attribute that sizes a group that nothing scales; None where something does."""
    return _SIZED_BY[held_by(group)] if is_held(group) else None


_Owner = tuple[str, str]  # group, attribute
_Sites = Mapping[tuple[str, tuple[str | int, ...]], list[_Owner]]  # address, path → whose it is


def _all_sites(groups: Iterable[InstanceGroup]) -> _Sites:
    found: dict[tuple[str, tuple[str | int, ...]], list[_Owner]] = {}
    for group in groups:
        for name, site in group.sites.items():
            found.setdefault((site.address, site.path), []).append((group.address, name))
    return found


def _traced(
    group: InstanceGroup, attribute: str, site: Site, tracer: Tracer, sites: _Sites
) -> tuple[Found, frozenset[str]]:
    """Return where a setting stands, and which other groups' same setting the literal is."""
    found = trace_site(tracer, group, attribute, site)
    if isinstance(found, Refusal) or found.grade != "patchable-shared":
        return found, frozenset()
    # a literal that also sizes something tfopt decides would change that behind the decision's
    # back: a key that decides this group alone is taken instead, where one can be added
    taken, proof = tracer.narrowest(found, _probe(site))
    others: set[str] = set()
    for other_group, other_attribute in _sized(proof.moves, sites):
        if other_attribute != attribute:
            reason = same_literal(other_attribute, other_group)
            refusal = Refusal(found.target, "patchable-shared", reason, found.hops, found.leaf)
            return refusal, frozenset()
        others.add(other_group)
    return taken, frozenset(others - {group.address})


def same_literal(attribute: str, groups: str) -> str:
    """Word why a literal is not one group's own."""
    return f"the same literal is {attribute} of {groups}"


def _probe(site: Site) -> str | float:
    if isinstance(site.value, int | float) and not isinstance(site.value, bool):
        return site.value + 1
    return _PROBE_TYPE


def _sized(moves: Iterable[Move], sites: _Sites) -> Iterator[_Owner]:
    """Yield what else moves of what groups are sized by; counted instances stand for one group."""
    for move in moves:
        whole = split_key(move.address)[0]
        for address in dict.fromkeys((move.address, whole)):
            yield from sites.get((address, move.path), ())


def _largest(group: InstanceGroup, each: int) -> int:
    """Return the largest size that is proposed; what the vendor allows stays, were it less.

    Args:
        group: the group.
        each: instances that one of its units stands for: its zones, where it is sized per zone.
    """
    largest = max(LEAST_LARGEST, GROWTH * each * (group.max_size or 0))
    if group.most_instances is None:
        return largest
    return max(min(largest, group.most_instances), group.max_size or 0)


def without(knobs: Knobs, group: InstanceGroup, attributes: Collection[str]) -> Knobs:
    """Return the knobs with these attributes no longer free."""
    size = sized_by(group)
    names = {"desired_capacity" if name == size else name for name in attributes}
    return replace(knobs, **dict.fromkeys(names, False))  # type: ignore[arg-type]


def knobs_of(group: InstanceGroup, leaves: Leaves, defaults: DefaultsTable) -> Knobs:
    """Return what may be decided: what an edit can reach, or everything where nothing can be.

    Advice that an edit carries out only in part could be worse than none: a smaller type without
    the higher count that goes with it. So what cannot be edited is held as it is; where no setting
    can be edited, the advice is whole and comes without a patch.
    """

    def free(attribute: str) -> bool:
        return leaves.patchable(attribute) if leaves.any_patchable else attribute in group.sites

    held, by = is_held(group), held_by(group)
    tracks = any(cpu_target(scaler) is not None for scaler in group.scalers)
    fixed = group.desired_capacity if not held and "desired_capacity" in group.sites else None
    standing = group.desired_capacity if held and by != "minimum" else group.min_size
    each = group.zones or 1 if group.bounds_per == "zone" else 1
    return Knobs(
        instance_type=free("instance_type") and not holds_type(group),
        min_size=free("min_size"),
        max_size=free("max_size"),
        desired_capacity=held and free(_SIZED_BY[by]),
        held_by=by,
        target_cpu=tracks and free("target_cpu"),
        max_target_cpu=defaults.highest_target,
        largest_size=_largest(group, each),
        smallest_size=max(1, min(defaults.min_zones, each * (standing or 1))),
        multiple=each,
        keep_ceiling=True,
        fixed_desired=fixed,
    )
