"""The sentences of a recommendation: annotations, why a type won or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfopt.scenario import Case
    from tfopt_policies.prove import Verdict

MAX_COMMENT = 90  # characters; one glance in a diff


_WHY = {
    "instance_type": "cheaper for this load",
    "min_size": "what quiet hours need",
    "max_size": "room for the peak",
    "desired_capacity": "what the forecast peak needs",
    "target_cpu": "SLO holds here",
}


def annotation(
    attribute: str, old: str, saving_usd: float, date: str, *, holds: bool = True, groups: int = 1
) -> str:
    """Return the comment for one changed line: what it was, why, the saving, the facts' date.

    `holds` tells whether the group meets its SLO with the change; without it no reason is claimed.
    Where the line sizes several `groups`, it speaks for all of them.
    """
    who = "group saves" if groups == 1 else f"{groups} groups save"
    effect = f"{who} ${saving_usd:,.0f}/month"
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
    if len(case.problem.machines) == 1:
        return f"{given}; the one type for all groups that share the setting"
    return f"{given}; cheapest of {len(case.problem.machines)} types at this SLO"


def holds(verdict: Verdict) -> bool:
    """Tell whether the chosen settings meet the SLO."""
    return any(t.meets_slo for t in verdict.tried if t.configuration == verdict.chosen)
