"""The sentences of a recommendation: impact, annotations, why a type won or lost."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from tfopt.plan.model import InstanceGroup
from tfopt.recommendation import Impact

if TYPE_CHECKING:
    from tfopt.scenario import Case
    from tfopt_policies.prove import Verdict

MAX_COMMENT = 90  # characters; one glance in a diff


def impact(group: InstanceGroup, changed: Set[str]) -> Impact:
    """Tell what an apply does to running instances when the `changed` attributes change."""
    if group.action == "create":
        return Impact(kind="none", notes=["the group is created by this plan: nothing runs yet"])
    if replaced := changed & group.replaces_on:
        return Impact(kind="replace", notes=[_replacement(group, replaced)])
    if changed & group.rolls_on:
        return Impact(kind="rolling", notes=["; ".join(_rolling(group, changed))])
    notes: list[str] = []
    if group.kind == "aws_instance" and "instance_type" in changed:
        notes.append("each instance is stopped and started with the new type")
    return Impact(kind="in-place" if changed else "none", notes=notes)


def _replacement(group: InstanceGroup, replaced: Set[str]) -> str:
    """Tell in which order a group is replaced; the plan does not show `create_before_destroy`."""
    what = f"changing {', '.join(sorted(replaced))} replaces the group"
    if group.fixed_name:
        return (
            f"{what}, and its name is fixed: the old nodes go before new ones come (with "
            "create_before_destroy the name is taken and the apply fails; node_group_name_prefix "
            "with create_before_destroy avoids both)"
        )
    return f"{what}: the old nodes go before new ones come, unless create_before_destroy is set"


_AT_ONCE = {  # settings that act as soon as they are applied
    "min_size": "minimum",
    "max_size": "maximum",
    "desired_capacity": "desired capacity",
    "target_cpu": "target",
}


def _rolling(group: InstanceGroup, changed: Set[str]) -> Iterator[str]:
    """Tell how a new type comes to run, and what the other changes meet until then."""
    if not group.instance_refresh:
        yield "the type reaches new launches only: start an instance refresh right after the apply"
    elif group.kind == "aws_eks_node_group":
        yield "the apply makes EKS replace the nodes, some at a time"
    else:
        yield "the apply starts the instance refresh that is in the plan"
    words = [word for name, word in _AT_ONCE.items() if name in changed]
    if words:
        listed = " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
        verb = "act" if words[1:] else "acts"
        old = group.slots[0].instance_type if group.slots else "the old type"
        yield f"until it is done, the new {listed} {verb} on {old}"


_WHY = {
    "instance_type": "cheaper for this load",
    "min_size": "what quiet hours need",
    "max_size": "room for the peak",
    "desired_capacity": "what the forecast peak needs",
    "target_cpu": "SLO holds here",
}


def annotation(
    attribute: str, old: str, saving_usd: float, date: str, *, holds: bool = True
) -> str:
    """Return the comment for one changed line: what it was, why, the saving, the facts' date.

    `holds` tells whether the group meets its SLO with the change; without it no reason is claimed.
    """
    effect = f"group saves ${saving_usd:,.0f}/month"
    if saving_usd <= 0:
        mends = "mends the SLO" if holds else "fewer SLO misses"
        effect = f"{mends} for ${-saving_usd:,.0f}/month"
    why = f"{_WHY[attribute]}; " if holds and saving_usd > 0 else ""
    fits = len(f"tfopt: was {old}; {why}{effect}; {date}") <= MAX_COMMENT
    return f"tfopt: was {old}; {why if fits else ''}{effect}; {date}"


def why_not(extra_usd: float, risk: float, max_risk: float) -> str:
    """Tell why a type lost against the recommended one."""
    if risk > max_risk:
        return f"misses the SLO in {100 * risk:.0f} % of the simulated weeks"
    if extra_usd >= 1:
        return f"${extra_usd:,.0f} a month dearer at the same SLO"
    if extra_usd > -1:
        return "no cheaper at the same SLO"
    return "cheaper on the weeks compared here, but failed on all weeks of the proof"


def why_this_type(case: Case, verdict: Verdict) -> str:
    """Tell what the chosen type gives for its price, against the present one."""
    old, new = case.problem.present.machine, verdict.chosen.machine
    work = new.speed / old.speed
    price = (new.usd_per_hour / new.vcpus) / (old.usd_per_hour / old.vcpus)
    given = f"{work:.2g} × the work per vCPU of {old.name} at {price:.2g} × its price per vCPU"
    if not holds(verdict):
        return given
    return f"{given}; cheapest of {len(case.problem.machines)} types at this SLO"


def holds(verdict: Verdict) -> bool:
    """Tell whether the chosen settings meet the SLO."""
    return any(t.meets_slo for t in verdict.tried if t.configuration == verdict.chosen)
