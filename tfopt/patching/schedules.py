"""Adds one scheduled action to a group: an entry of the map that makes its schedules, proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.edit import Change
from tfopt.hcl.entries import Entry, NoEntry, Wanted, find_entry
from tfopt.hcl.naming import GROUP, NamedGroups
from tfopt.hcl.radius import scopes
from tfopt.hcl.scopes import Frame, InstanceKey, Scope
from tfopt.hcl.suppress import CHECK_RULES, Rules, suppressed
from tfopt.hcl.syntax import Block, Scalar
from tfopt.hcl.trace import Tracer
from tfopt.hcl.values import Unknown
from tfopt.patching.edits import Proposal
from tfopt.patching.inputs import PlanSources
from tfopt.plan.address import module_path, split_key
from tfopt.plan.model import SIZING, InstanceGroup
from tfopt.recommendation import Edit, ScheduleValues

KIND = "aws_autoscaling_schedule"
ATTRIBUTE = "schedules"
_LEFT_AS_IT_IS = -1  # the provider takes an absent size for 0
_MOST_REASONS = 3
_UTC = ("Etc/UTC", "UTC", None)


def propose_schedule(
    given: PlanSources,
    group: InstanceGroup,
    schedule: ScheduleValues,
    key: str = "tfopt",
    comment: str | None = None,
) -> Proposal:
    """Return the edit that gives a group one scheduled action more, or why there is none.

    Args:
        given: the plan and its sources.
        group: an EC2 Auto Scaling group of the plan.
        schedule: what the action does.
        key: of the new entry.
        comment: what to say on its line.
    """
    tracer = given.tracer()
    if tracer is None:
        return _refused([NoEntry(given.no_sources)])
    if group.kind != GROUP:
        return _refused([NoEntry(f"scheduled actions of {group.kind} are not written here")])
    tried = [_tried(tracer, group, place, schedule, key) for place in _schedules(tracer)]
    proven = [each for each in tried if isinstance(each, Entry)]
    if len(proven) > 1:
        addresses = ", ".join(entry.address for entry in proven)
        return _refused([NoEntry(f"several resources could hold the schedule: {addresses}")])
    if proven:
        return _proposed(proven[0], comment)
    refusals = [each for each in tried if isinstance(each, NoEntry)]
    return _refused(refusals or [NoEntry(f"no {KIND} in the sources")])


@dataclass(frozen=True, slots=True)
class _Schedules:
    """One block that makes scheduled actions, in one module instance."""

    scope: Scope
    block: Block


def _schedules(tracer: Tracer) -> Iterator[_Schedules]:
    for scope in scopes(tracer.configuration):
        for block in scope.module.of_kind("resource"):
            if block.labels[0] == KIND:
                yield _Schedules(scope, block)


def _tried(
    tracer: Tracer, group: InstanceGroup, place: _Schedules, schedule: ScheduleValues, key: str
) -> Entry | NoEntry:
    resource = ".".join(place.block.labels)
    wanted = Wanted(place.scope.path, resource, _attributes(schedule), key)

    def belongs(edits: Edits, instance: InstanceKey) -> str | None:
        named = _group_of(tracer, place, edits, instance)
        address = place.scope.address(resource)
        if isinstance(named, Unknown):
            return f"the group that {address} belongs to is not known: {named}"
        if named not in (group.address, _own_name(tracer, group)):
            return f"{address} does not belong to {group.address}"
        return None

    found = find_entry(tracer, wanted, belongs)
    mark = None
    if isinstance(found, Entry):
        mark = suppressed(found.leaf.span.document, found.leaf.line, _RULES)
    return found if mark is None else NoEntry(str(mark), "ignored-by-comment")


_RULES = Rules(frozenset((ATTRIBUTE,)), frozenset((*SIZING, *CHECK_RULES, ATTRIBUTE)))


def _group_of(
    tracer: Tracer, place: _Schedules, edits: Edits, key: InstanceKey
) -> Scalar | Unknown:
    """Return the address, or the written name, of the group that a new action belongs to."""
    edited = tracer.edited(edits, NamedGroups)
    scope = edited.scope(place.scope.path)
    attribute = place.block.body.attributes.get("autoscaling_group_name")
    if isinstance(scope, Unknown) or attribute is None:
        return Unknown("it names none", place.block.span.where)
    frame = edited.instance(place.block, Frame(scope), key)
    data = edited.evaluate(attribute.expr, frame).data
    if data is None or isinstance(data, bool | int | float | str | Unknown):
        return data
    return Unknown("its name is no text", attribute.span.where)


def _own_name(tracer: Tracer, group: InstanceGroup) -> str | None:
    """Return the name that the configuration gives a group itself, where it does."""
    module = module_path(group.address)
    rest, key = split_key(group.address.removeprefix(".".join(module)).removeprefix("."))
    scope = tracer.configuration.scope(module)
    block = None if isinstance(scope, Unknown) else scope.module.block("resource", *rest.split("."))
    attribute = None if block is None else block.body.attributes.get("name")
    if isinstance(scope, Unknown) or block is None or attribute is None:
        return None
    frame = tracer.configuration.instance(block, Frame(scope), key)
    name = tracer.configuration.evaluate(attribute.expr, frame).data
    return name if isinstance(name, str) else None


def _attributes(schedule: ScheduleValues) -> Mapping[str, Sequence[Scalar]]:
    """Return the values that an action's attributes may have, the one to be written first."""
    sizes = {
        name: (_LEFT_AS_IT_IS if value is None else value,)
        for name, value in (
            ("min_size", schedule.min_size),
            ("max_size", schedule.max_size),
            ("desired_capacity", schedule.desired_capacity),
        )
    }
    zone = _UTC if schedule.time_zone in _UTC else (schedule.time_zone,)
    once = {"start_time": (None,), "end_time": (None,)}
    return {"recurrence": (schedule.recurrence,), "time_zone": zone, **sizes, **once}


def _proposed(entry: Entry, comment: str | None) -> Proposal:
    leaf = entry.leaf
    change = Change(leaf, entry.value, comment)
    edit = Edit(
        attribute=ATTRIBUTE,
        grade=entry.grade,
        file=leaf.label,
        line=leaf.line,
        byte_range=[leaf.start, leaf.end],
        path=leaf.path,
        new=change.new_text,
        trace=[f"{leaf.label}:{leaf.line} {leaf.path} (to be added)", entry.address],
    )
    return Proposal(edit, change)


def _refused(refusals: Sequence[NoEntry]) -> Proposal:
    """Tell why no resource takes the schedule: one reason, or the first few."""
    told = dict.fromkeys(refusal.reason for refusal in refusals)
    leaf = refusals[0].leaf if len(refusals) == 1 else None
    edit = Edit(
        attribute=ATTRIBUTE,
        grade=refusals[0].grade if len(refusals) == 1 else "unknown",
        reason="; ".join(list(told)[:_MOST_REASONS]),
        file=leaf.label if leaf else None,
        line=leaf.line if leaf else None,
    )
    return Proposal(edit)
