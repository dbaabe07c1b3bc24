"""The sentences of a recommendation: impact, annotations, why a type won or lost."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from tfopt.plan.model import InstanceGroup
from tfopt.recommendation import Impact

if TYPE_CHECKING:
    from tfopt.scenario import Case
    from tfopt_policies.prove import Verdict

MAX_COMMENT = 90  # characters; one glance in a diff


def impact(group: InstanceGroup, changed: Set[str]) -> Impact:
    """Tell what an apply does to running instances when the `changed` attributes change."""
    notes: list[str] = []
    if group.action == "create":
        return Impact(kind="none", notes=["the group is created by this plan: nothing runs yet"])
    if replaced := changed & group.replaces_on:
        names = ", ".join(sorted(replaced))
        notes.append(
            f"changing {names} replaces the group: its instances are drained and made anew"
        )
        return Impact(kind="replace", notes=notes)
    if changed & group.rolls_on:
        if group.instance_refresh:
            notes.append("the instance refresh in the plan rolls it out")
        else:
            notes.append("new launches only: start an instance refresh to roll")
        return Impact(kind="rolling", notes=notes)
    if group.kind == "aws_instance" and "instance_type" in changed:
        notes.append("each instance is stopped and started with the new type")
    return Impact(kind="in-place" if changed else "none", notes=notes)


_WHY = {
    "instance_type": "more work per dollar",
    "min_size": "what quiet hours need",
    "max_size": "room for the peak",
    "desired_capacity": "what the forecast peak needs",
    "target_cpu": "SLO holds here",
}


def annotation(attribute: str, old: str, saving_usd: float, date: str) -> str:
    """Return the comment for one changed line: what it was, why, the saving, the facts' date."""
    effect = (
        f"group saves ${saving_usd:,.0f}/month"
        if saving_usd > 0
        else f"mends the SLO for ${-saving_usd:,.0f}/month"
    )
    return f"tfopt: was {old}; {_WHY[attribute]}; {effect}; {date}"[:MAX_COMMENT]


def why_not(extra_usd: float, risk: float, max_risk: float) -> str:
    """Tell why a type lost against the recommended one."""
    if risk > max_risk:
        return f"misses the SLO in {100 * risk:.0f} % of the simulated weeks"
    if extra_usd >= 1:
        return f"${extra_usd:,.0f} a month dearer at the same SLO"
    return "no cheaper at the same SLO"


def why_this_type(case: Case, verdict: Verdict) -> str:
    """Tell what the chosen type gives for its price, against the present one."""
    old, new = case.problem.present.machine, verdict.chosen.machine
    work = new.speed / old.speed
    price = (new.usd_per_hour / new.vcpus) / (old.usd_per_hour / old.vcpus)
    return (
        f"{work:.2g} × the work per vCPU of {old.name} at {price:.2g} × its price per vCPU; "
        f"cheapest of {len(case.problem.machines)} types at this SLO"
    )
