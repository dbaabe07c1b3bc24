"""Restricts a case to a value that a shared setting is given, or leaves it as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tfopt.advise.answer import settings_of
from tfopt.advise.leaves import sized_by, without
from tfopt.patching.case import SIZES
from tfopt.plan.model import SIZING, InstanceGroup
from tfopt.scenario import Case
from tfopt.scenario.group import zones_each
from tfopt_policies.expressible import express
from tfopt_policies.policy import Problem
from tfopt_sim.types import Configuration

Value = str | int | float | None


def value_of(group: InstanceGroup, configuration: Configuration, attribute: str) -> Value:
    """Return a setting of a configuration in the report's words and units."""
    value: Value = getattr(settings_of(group, configuration), attribute)
    return value


def pinned(case: Case, wanted: Mapping[str, Value]) -> Case | None:
    """Return the case with these settings given, all others as free as they were.

    None for a value means that the setting stays as it is. None is returned where the group
    cannot have such a value: not that type, fewer instances than it has to have.
    """
    problem, group = case.problem, case.group
    now = {name: value_of(group, problem.present, name) for name in wanted}
    moved = {n: v for n, v in wanted.items() if v is not None and v != now[n]}
    stay = replace(problem, knobs=without(problem.knobs, group, wanted.keys() - moved.keys()))
    if "instance_type" in wanted.keys() - moved.keys():
        stay = replace(stay, machines=stay.machines[:1])
    if not moved:
        return replace(case, problem=stay)
    base = _given(stay, group, moved)
    if base is None or any(value_of(group, base, name) != v for name, v in moved.items()):
        return None
    machines = (base.machine,) if "instance_type" in moved else stay.machines
    knobs = without(stay.knobs, group, moved)
    return replace(case, problem=replace(stay, knobs=knobs, machines=machines, pinned=base))


def _given(
    problem: Problem, group: InstanceGroup, moved: Mapping[str, Value]
) -> Configuration | None:
    """Return the present settings with those that move, as far as the group can express them."""
    wanted = problem.present
    for name in SIZING:
        if name in moved:
            setter = _SETTERS["desired_capacity" if name == sized_by(group) else name]
            changed = setter(problem, wanted, in_instances(group, name, moved[name]))
            if changed is None:
                return None
            wanted = changed
    return express(problem, wanted)


def in_instances(group: InstanceGroup, attribute: str, value: Value) -> Value:
    """Return a size as so many instances, where the group states it for each of its zones."""
    if attribute in SIZES and isinstance(value, int):
        return zones_each(group) * value
    return value


_Setter = Callable[[Problem, Configuration, Value], Configuration | None]


def _typed(problem: Problem, wanted: Configuration, value: Value) -> Configuration | None:
    machine = next((m for m in problem.machines if m.name == value), None)
    return None if machine is None else replace(wanted, machine=machine)


def _sized(field: str) -> _Setter:
    def set_(_problem: Problem, wanted: Configuration, value: Value) -> Configuration | None:
        return replace(wanted, **{field: value})  # type: ignore[arg-type]

    return set_


def _targeted(_problem: Problem, wanted: Configuration, value: Value) -> Configuration | None:
    if wanted.tracking is None or not isinstance(value, int | float):
        return None
    return wanted.with_target(value)


_SETTERS: Mapping[str, _Setter] = {
    "instance_type": _typed,
    "min_size": _sized("min_size"),
    "max_size": _sized("max_size"),
    "desired_capacity": _sized("desired_capacity"),
    "target_cpu": _targeted,
}
