"""Tells what an apply does with changed sizing attributes, and what of it would fail.

One rule is one fact of Terraform, a provider or a cloud; each names where it is written:

- Terraform language reference, "The lifecycle Meta-Argument": `ignore_changes`, `prevent_destroy`,
  `create_before_destroy` and that it spreads to what the resource depends on.
- Terraform, "JSON Output Format": `resource_drift`, `replace_paths`, `deferred_changes`,
  `complete`, `errored`.
- AWS provider 5.100, `aws_eks_node_group`: the arguments that force a new resource;
  `aws_launch_configuration`: every argument does; `aws_instance`: `instance_type` stops and starts.
- Amazon EC2 Auto Scaling API reference, `DeleteLaunchConfiguration`: refused while a group uses it.
- Google provider, `google_compute_instance_template`: no argument can be updated, and a template in
  use is not deleted ("Using with Instance Group Manager").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.values import same
from tfopt.patching.azure_disks import newer_disks
from tfopt.patching.case import OWN, Case, Changes, in_our_units
from tfopt.patching.rollout import rollout
from tfopt.patching.sizes import disordered, follows_bounds, owned, owner_of, service_bounds
from tfopt.plan.model import InstanceGroup, Plan, Site
from tfopt.recommendation import ImpactKind


@dataclass(frozen=True, slots=True)
class Consequences:
    """What happens at apply: how it reaches what runs, what to know, and what would fail.

    Attributes:
        kind: how the change reaches what runs.
        notes: what to know.
        refusals: why the change must not be made as it is.
        futile: those of the refusals for which Terraform would not even plan the new value.
    """

    kind: ImpactKind
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    futile: tuple[str, ...] = ()


def consequences(
    plan: Plan,
    group: InstanceGroup,
    changes: Changes,
    lifecycles: Mapping[str, Lifecycle] | None = None,
) -> Consequences:
    """Return what an apply of the plan does once a group's attributes are changed.

    Args:
        plan: that the group is of.
        group: as planned without the change.
        changes: what is to change, in tfopt's words and units.
        lifecycles: by attribute, the lifecycle of the resource that carries it, for those whose
            source is at hand. Without it nothing is assumed, and the notes say what it hangs on.
    """
    changed = {name: pair for name, pair in changes.items() if not same(*pair)}
    case = Case(plan, group, changed, lifecycles or {})
    reach = rollout(group, frozenset(changed), case.lifecycles.get("instance_type"))
    if not changed:
        return Consequences(reach.kind)
    notes = dict.fromkeys((*reach.notes, *_told(_NOTES, case), *plan_notes(plan)))
    futile = tuple(dict.fromkeys(_told(_FUTILE, case)))
    refusals = dict.fromkeys((*reach.refusals, *futile, *_told(_FAILING, case)))
    return Consequences(_with_plan(case, reach.kind), tuple(notes), tuple(refusals), futile)


def plan_notes(plan: Plan) -> tuple[str, ...]:
    """Return what limits every answer from this plan."""
    if plan.errored:
        return ("planning stopped with an error: what else an apply would do is not in this plan",)
    if not plan.complete:
        return (
            "the plan is not complete (-target, or deferred changes): what else an apply would do "
            "is not in it",
        )
    return ()


_Rule = Callable[[Case], Iterator[str]]


def _told(rules: tuple[_Rule, ...], case: Case) -> Iterator[str]:
    for rule in rules:
        yield from rule(case)


def _with_plan(case: Case, kind: ImpactKind) -> ImpactKind:
    """Return the harshest of what the plan does anyway and what the change adds."""
    return "replace" if case.group.action == "replace" else kind


def _kept(case: Case) -> Iterator[str]:
    """`ignore_changes`, by value: the configuration says one thing, the plan keeps the live one."""
    for name in case.changed:
        site = case.group.sites.get(name)
        if site is None or site.creating:
            continue
        known = case.lifecycles.get(name)
        if known is not None and known.ignored_at is not None:
            yield f"lifecycle.ignore_changes keeps {name} as it is ({known.ignored_at})"
        elif _differs(site.constant, site.value) and same(site.live, site.value):
            yield (
                f"the configuration says {name} = {site.constant}, and the plan keeps "
                f"{site.value}: lifecycle.ignore_changes keeps edits from taking effect"
            )


def _differs(constant: object, value: object) -> bool:
    """Return whether both are told and are not the same."""
    told = isinstance(constant, int | float | str) and isinstance(value, int | float | str)
    return told and not same(constant, value)


def _protected(case: Case) -> Iterator[str]:
    """`prevent_destroy` fails the plan that would destroy the resource."""
    for name, (old, new) in case.changed.items():
        site, known = case.group.sites.get(name), case.lifecycles.get(name)
        if site is None or site.creating or known is None or known.kept_at is None:
            continue
        if name in case.group.replaces_on or _is_replaced(site) or _shrinks(site, old, new):
            yield (
                f"changing {name} destroys {site.address}, which lifecycle.prevent_destroy forbids "
                f"({known.kept_at})"
            )


# what a changed attribute replaces besides the group: the provider's page of the kind says so
_FORCES_NEW = frozenset(
    {
        ("aws_launch_configuration", "instance_type"),
        ("google_compute_instance_template", "machine_type"),
        ("google_compute_region_instance_template", "machine_type"),
    }
)
_VENDORS = {"aws": "AWS", "gcp": "Compute Engine", "azure": "Azure"}


def _is_replaced(site: Site) -> bool:
    return (site.resource.partition(".")[0], site.path[0]) in _FORCES_NEW


def _shrinks(site: Site, old: object, new: object) -> bool:
    fewer = isinstance(old, int) and isinstance(new, int) and new < old
    return fewer and site.path == ("count",)


def _in_use(case: Case) -> Iterator[str]:
    """No launch configuration or template in use is deleted: the new one has to come first."""
    site = case.group.sites.get("instance_type")
    if site is None or site.creating or "instance_type" not in case.changed:
        return
    own = case.lifecycles.get("instance_type")
    groups = case.lifecycles.get(OWN) or case.lifecycles.get("min_size")
    if not _is_replaced(site) or own is None or groups is None:
        return
    if own.creates_first and case.group.fixed_name:
        yield (
            f"{site.address} has a fixed name, and create_before_destroy makes its successor "
            "first: the name is taken; use name_prefix"
        )
    elif not own.creates_first and not groups.creates_first:
        vendor = _VENDORS[case.group.cloud]
        yield (
            f"{site.address} would be deleted before its successor is made, which {vendor} refuses "
            "while the group uses it: set create_before_destroy on it first"
        )


def _drifted(case: Case) -> Iterator[str]:
    """What was changed outside Terraform: the plan, or the edit, overwrites it."""
    for name, site in case.group.sites.items():
        was, live = case.applied(name), case.live(name)
        if was is None or live is None or same(was, live):
            continue
        planned = in_our_units(site, "value")
        if name in case.changed:
            effect = f"the edit sets it to {case.changed[name][1]}"
        elif same(planned, live):
            effect = "the plan keeps that"
        else:
            effect = "the plan sets it back" if same(planned, was) else f"the plan sets {planned}"
        yield f"{name} was changed outside Terraform from {was} to {live}: {effect}"


def _already_moving(case: Case) -> Iterator[str]:
    """The plan already changes the attribute: the edit changes where it ends."""
    for name, (old, new) in case.changed.items():
        live = case.live(name)
        if live is None or case.applied(name) is not None or same(live, old):
            continue
        if name == "desired_capacity" and owner_of(case.group) is not None:
            continue  # told with its owner
        if same(live, new):
            yield f"{name} is {live} now: the edit takes the plan's change to {old} back"
        else:
            yield f"the plan already changes {name} from {live} to {old}: with the edit to {new}"


def _destroyed(case: Case) -> Iterator[str]:
    """A smaller count destroys the instances with the highest numbers."""
    old, new = case.changed.get("desired_capacity", (None, None))
    site = case.group.sites.get("desired_capacity")
    if site is None or case.group.action == "create":
        return
    if isinstance(old, int) and isinstance(new, int) and _shrinks(site, old, new):
        yield f"terraform destroys the last {old - new} of {old} instances"


def _replaced_anyway(case: Case) -> Iterator[str]:
    """The plan replaces the group without the edit."""
    for address, paths in case.plan.standing.replaced.items():
        if _is_of(address, case.group.address):
            yield f"the plan replaces {address} already, because of {', '.join(paths)}"


def _deposed(case: Case) -> Iterator[str]:
    """A former object waits to be destroyed, as after a replacement that stopped half-way."""
    for address in sorted(case.plan.standing.deposed):
        if any(_is_of(address, own) for own in case.addresses()):
            yield f"a former object of {address} is still there: the apply destroys it"


_DEFERRED = {
    "instance_count_unknown": "the number of its instances is not known yet",
    "resource_config_unknown": "its configuration is not known yet",
    "provider_config_unknown": "its provider's configuration is not known yet",
    "absent_prereq": "something it needs is not there yet",
    "deferred_prereq": "something it needs is deferred",
}


def _deferred(case: Case) -> Iterator[str]:
    """Terraform puts the change off: this apply does not make it."""
    for address, reason in case.plan.standing.deferred.items():
        if any(_is_of(address, own) for own in case.addresses()):
            why = _DEFERRED.get(reason, "terraform does not say why")
            yield f"this apply does not reach {address}, which terraform defers: {why}"


def _is_of(address: str, owner: str) -> bool:
    """Return whether an instance's address is the owner's or one of its instances'."""
    return address == owner or address.startswith(f"{owner}[")


_FUTILE: tuple[_Rule, ...] = (_kept, _protected)
_FAILING: tuple[_Rule, ...] = (disordered, _in_use)
_NOTES: tuple[_Rule, ...] = (
    _destroyed,
    _replaced_anyway,
    follows_bounds,
    service_bounds,
    owned,
    _drifted,
    _already_moving,
    _deposed,
    _deferred,
    newer_disks,
)
