"""Puts the decision on one group into the shape of the report."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

import numpy as np

from tfopt.advise.additions import ready_to_add
from tfopt.advise.decide import Decision, alternatives
from tfopt.advise.explanation import explanation
from tfopt.advise.figures import (
    Served,
    demand_figures,
    interval,
    monthly,
    risk,
    savings,
    served,
)
from tfopt.advise.leaves import Leaves
from tfopt.advise.policies import other_policies, step_table
from tfopt.advise.wording import why_this_type
from tfopt.patching.case import Changes
from tfopt.patching.consequences import Consequences, consequences, plan_notes
from tfopt.plan.model import SIZING, InstanceGroup, Plan
from tfopt.plan.scalers import ScheduleScaler
from tfopt.recommendation import (
    Confidence,
    Contender,
    Cost,
    Group,
    Impact,
    Interval,
    Proof,
    ScheduleValues,
    Settings,
    SloFigures,
)
from tfopt.scenario import Case
from tfopt.scenario.group import zones_each
from tfopt_policies.prove import Trial, Verdict
from tfopt_sim.types import Configuration, FloatArray

PRICE_QUALITY = {  # price_quality of an offer, in words
    "listed_2024": "of February 2024",
    "estimated": "estimated",
    "corrected_windows": "a Windows price put right",
    "listed_unverified": "without a second source",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One group of the report, and its monthly cost per scenario now and as proposed."""

    group: Group
    now_usd: FloatArray | None = None  # (scenarios,)
    proposed_usd: FloatArray | None = None
    refusals: tuple[str, ...] = ()  # why the settings as proposed could not be applied

    @property
    def spending(self) -> tuple[FloatArray, FloatArray] | None:
        """Monthly cost per scenario now and as proposed; None where nothing was simulated."""
        if self.now_usd is None or self.proposed_usd is None:
            return None
        return self.now_usd, self.proposed_usd


def not_analysed(group: InstanceGroup, reason: str) -> Answer:
    """Return the answer for a group that cannot be simulated honestly."""
    return Answer(
        Group(
            address=group.address,
            kind=group.kind,
            region=group.region,
            status="not-analysed",
            reason=reason,
            current=as_planned(group),
            notes=list(group.notes),
        )
    )


def analysed(plan: Plan, case: Case, decision: Decision, leaves: Leaves, max_risk: float) -> Answer:
    """Return the answer for a group that was decided; edits are added once all groups are."""
    verdict = decision.verdict
    group, present, chosen = case.group, case.problem.present, verdict.chosen
    current = settings_of(group, present)
    recommended = settings_of(group, chosen)
    changed = changes(current, recommended)
    pairs = _pairs(current, recommended, changed)
    found = consequences(plan, group, pairs, leaves.lifecycles)
    before = served(case, present)
    after = served(case, chosen) if changed else before
    now, then = monthly(verdict.present_outcome), monthly(verdict.chosen_outcome)
    answer = Group(
        address=group.address,
        kind=group.kind,
        region=group.region,
        status="recommended" if changed else "unchanged",
        reason=verdict.reason,
        assumed=case.traffic.assumed,
        part_of=group.carried_by,
        current=current,
        recommended=recommended,
        cost=Cost(
            current_monthly_usd=interval(now),
            recommended_monthly_usd=interval(then),
            savings_share=interval(savings(now, then)),
            saving_monthly_usd=interval(now - then),
        ),
        slo=_slo(case, verdict, after),
        demand=demand_figures(case, present, chosen),
        hourly_now=before.by_hour(),
        hourly_recommended=after.by_hour() if changed else None,
        why_this_type=why_this_type(case, verdict) if "instance_type" in changed else None,
        alternatives=alternatives(case, decision, max_risk),
        explanation=explanation(case, decision) if changed else None,
        ready_to_add=ready_to_add(case, verdict, max_risk),
        impact=_impact(plan, found),
        confidence=_confidence(case, decision),
        proof=_proof(verdict),
        notes=[
            *group.notes,
            *_held_notes(leaves),
            *_measured_note(case, changed),
            *_price_notes(case, verdict),
        ],
    )
    return Answer(answer, now, then, found.refusals)


def _impact(plan: Plan, found: Consequences) -> Impact:
    """Tell what an apply does; what limits the whole plan is told once, with the plan."""
    general = plan_notes(plan)
    notes = [note for note in found.notes if note not in general]
    failing = [f"no edit is made: {reason}" for reason in found.refusals]
    return Impact(kind=found.kind, notes=[*notes, *failing])


def _pairs(current: Settings, recommended: Settings, changed: Set[str]) -> Changes:
    return {name: (getattr(current, name), getattr(recommended, name)) for name in sorted(changed)}


def settings_of(group: InstanceGroup, configuration: Configuration) -> Settings:
    """Return a configuration in the report's words.

    Where something scales the group, desired stays what the plan says: an apply must not reset it.
    """
    held = not configuration.scaling and not configuration.schedules
    desired, each = group.desired_capacity, zones_each(group)
    if held and desired is not None:
        desired = configuration.desired_capacity // each
    # a count has no bounds beside it
    bounded = "min_size" in group.sites or group.min_size != group.max_size
    scaling = configuration.tracking
    return Settings(
        instance_type=configuration.machine.name,
        min_size=configuration.min_size // each if bounded else None,
        max_size=configuration.max_size // each if bounded else None,
        desired_capacity=desired,
        target_cpu=None if scaling is None else round(scaling.target, 4),
        steps=step_table(group),
        other_policies=other_policies(group),
        schedules=_schedules(group),
        spot_share=group.spot_share,
        unit=group.unit,
    )


def changes(current: Settings, recommended: Settings) -> set[str]:
    """Return the names of the attributes that differ."""
    return {n for n in SIZING if getattr(current, n) != getattr(recommended, n)}


def as_planned(group: InstanceGroup) -> Settings | None:
    """Return the sizes that the plan holds, of a group that is not simulated."""
    if not group.slots:
        return None
    return Settings(
        instance_type=group.slots[0].instance_type,
        min_size=group.min_size,
        max_size=group.max_size,
        desired_capacity=group.desired_capacity,
        target_cpu=None,
        steps=step_table(group),
        other_policies=other_policies(group),
        schedules=_schedules(group),
        spot_share=group.spot_share,
        unit=group.unit,
    )


def _schedules(group: InstanceGroup) -> list[ScheduleValues]:
    return [
        ScheduleValues(
            recurrence=scaler.recurrence,
            time_zone=scaler.time_zone,
            min_size=_least(group, scaler),
            max_size=scaler.max_size,
            desired_capacity=scaler.desired_capacity,
        )
        for scaler in group.scalers
        if isinstance(scaler, ScheduleScaler) and scaler.recurrence is not None
    ]


def _least(group: InstanceGroup, scaler: ScheduleScaler) -> int | None:
    """Return the minimum that a schedule sets; a floor does not go below the group's own."""
    if not scaler.floor:
        return scaler.min_size
    return max(scaler.min_size or 0, group.min_size or 0)


def _slo(case: Case, verdict: Verdict, after: Served) -> SloFigures:
    slo = case.problem.slo
    return SloFigures(
        slo_p99_ms=slo.p99_ms,
        max_bad_minutes=slo.max_bad_minutes,
        current_bad_minute_share=interval(verdict.present_outcome.bad_minute_share[0]),
        recommended_bad_minute_share=interval(verdict.chosen_outcome.bad_minute_share[0]),
        current_risk=risk(verdict.present_outcome, slo.max_bad_minutes),
        recommended_risk=risk(verdict.chosen_outcome, slo.max_bad_minutes),
        p99_ms=after.p99_ms(),
    )


def _confidence(case: Case, decision: Decision) -> Confidence:
    return Confidence(
        history_days=round(case.traffic.measured_days, 2),
        forecast_skill=None if case.forecast_skill is None else round(case.forecast_skill, 4),
        scenarios=case.held_back_rps.shape[0],
        notes=[*case.notes, *([decision.remark] if decision.remark else [])],
    )


def _proof(verdict: Verdict) -> Proof:
    saving = verdict.saving
    return Proof(
        won_by=verdict.won_by,
        contenders=[_contender(trial) for trial in verdict.contenders],
        saving_usd_per_month=Interval(
            p50=round(saving.usd_per_month, 2), p05=round(saving.low, 2), p95=round(saving.high, 2)
        ),
        scenarios_spent=round(verdict.group_weeks),
    )


def _contender(trial: Trial) -> Contender:
    return Contender(
        name=trial.proposer,
        monthly_usd=round(trial.usd_per_month, 2),
        bad_minute_share=float(np.round(trial.bad_minute_share, 6)),
        risk=round(trial.risk, 4),
        meets_slo=trial.meets_slo,
    )


def _measured_note(case: Case, changed: Set[str]) -> Iterable[str]:
    """CPU time per request is of one type: say so before the next run reads it as another's."""
    if "instance_type" in changed and case.measured_on is None and not case.traffic.assumed:
        old = case.problem.present.machine.name
        yield f'after this change, say in its workload: measured_on = "{old}"'


def _price_notes(case: Case, verdict: Verdict) -> Iterable[str]:
    """Say which of the two prices is not a list price of the region's own."""
    names = (case.problem.present.machine.name, verdict.chosen.machine.name)
    for name in dict.fromkeys(names):
        quality = case.offers[name].price_quality
        if quality != "listed":
            yield f"the price of {name} in {case.group.region} is {PRICE_QUALITY[quality]}"


def _held_notes(leaves: Leaves) -> Iterable[str]:
    """Say which settings were left as they are because no edit reaches them."""
    if leaves.any_patchable:
        for attribute, reason in leaves.refusals():
            yield f"{attribute} is left as it is, not patchable: {reason}"
