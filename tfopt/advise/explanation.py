"""Why these settings: what moved the choice, and what came nearest to it, in a reviewer's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfopt.recommendation import Explanation, Fact, Rejected

if TYPE_CHECKING:
    from tfopt.advise.decide import Decision
    from tfopt.scenario import Case
    from tfopt_policies.prove import Trial, Verdict
    from tfopt_policies.race import Record
    from tfopt_sim.types import Configuration

SHOWN_FACTS, SHOWN_CHEAPER = 3, 2
LEAST_PART = 0.1  # of all that moved the planner: less is not worth a line
_COST, _BAD = 0, 1  # rows of a record


def explanation(case: Case, decision: Decision) -> Explanation | None:
    """Return why the settings are as they are; None where nothing changes."""
    verdict = decision.verdict
    if not verdict.changed:
        return None
    return Explanation(
        proposed_by=verdict.won_by,
        facts=list(_facts(case, decision)),
        rejected=list(_rejected(case, verdict)),
    )


def _facts(case: Case, decision: Decision) -> Iterator[Fact]:
    weighed = decision.weighed
    if weighed is None:
        return
    values = dict(_values(case, decision.verdict))
    told = {fact: part for fact, part in weighed.parts.items() if fact in values}
    whole = sum(abs(part) for part in weighed.parts.values())
    largest = sorted(told, key=lambda fact: -abs(told[fact]))[:SHOWN_FACTS]
    for fact in largest:
        share = abs(told[fact]) / whole if whole > 0 else 0.0
        if share >= LEAST_PART:
            yield Fact(
                fact=fact,
                value=values[fact],
                effect="for" if told[fact] > 0 else "against",
                share=round(share, 3),
            )


def _values(case: Case, verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield each fact with what was measured of it, present against chosen."""
    present, chosen = case.problem.present, verdict.chosen
    now, then = verdict.records[present], verdict.records[chosen]
    weeks = f"the last {_weeks(verdict.past_weeks)}"
    yield "past cost", f"{weeks}, replayed, would have cost {_change(now, then)}"
    yield (
        "past service",
        (
            f"{weeks}, replayed, had at worst {_worst(then)} bad minutes instead of {_worst(now)} "
            f"({100 * case.problem.slo.max_bad_minutes:g} % are allowed)"
        ),
    )
    yield "cost ahead", f"the weeks ahead cost {_change(now, then, ahead=True)}"
    yield (
        "service ahead",
        (f"the weeks ahead have {_mean(then)} bad minutes on average instead of {_mean(now)}"),
    )
    if chosen.min_size != present.min_size:
        yield "minimum", f"at least {chosen.min_size} instead of {present.min_size}"
    if chosen.max_size != present.max_size:
        yield "maximum", f"at most {chosen.max_size} instead of {present.max_size}"
    aims = [c.tracking.target for c in (present, chosen) if c.tracking is not None]
    if len(aims) == 2 and aims[0] != aims[1]:
        yield "target", f"CPU target {100 * aims[1]:.0f} % instead of {100 * aims[0]:.0f} %"
    if chosen.machine != present.machine:
        yield "type", f"{chosen.machine.name} instead of {present.machine.name}"


def _weeks(count: int) -> str:
    return "week" if count == 1 else f"{count} weeks"


def _change(now: Record, then: Record, *, ahead: bool = False) -> str:
    before = (now.scenarios if ahead else now.past)[_COST]
    after = (then.scenarios if ahead else then.past)[_COST]
    share = 1 - float(after.mean()) / max(float(before.mean()), 1e-9)
    return f"{100 * share:.0f} % less" if share >= 0 else f"{-100 * share:.0f} % more"


def _worst(record: Record) -> str:
    return f"{100 * float(record.past[_BAD].max()):.1f} %"


def _mean(record: Record) -> str:
    return f"{100 * float(record.scenarios[_BAD].mean()):.2f} %"


def _rejected(case: Case, verdict: Verdict) -> Iterator[Rejected]:
    """Yield the nearest cheaper settings that were tried and not taken, then the next dearer."""
    tried = {trial.configuration: trial for trial in verdict.tried}
    own = tried[verdict.chosen]
    known = (verdict.chosen, case.problem.present)
    others = [trial for trial in verdict.tried if trial.configuration not in known]
    cheaper = [t for t in others if t.usd_per_month < own.usd_per_month and not t.meets_slo]
    for trial in sorted(cheaper, key=lambda t: -t.usd_per_month)[:SHOWN_CHEAPER]:
        yield _told(case, trial, _why_worse(trial, own, verdict))
    dearer = [t for t in others if t.usd_per_month >= own.usd_per_month and t.meets_slo]
    for trial in sorted(dearer, key=lambda t: t.usd_per_month)[:1]:
        extra = trial.usd_per_month - own.usd_per_month
        yield _told(case, trial, f"holds the SLO too, ${extra:,.0f} a month dearer")


def _why_worse(trial: Trial, own: Trial, verdict: Verdict) -> str:
    saved = f"${own.usd_per_month - trial.usd_per_month:,.0f} a month cheaper"
    if trial.past_weeks_missed > own.past_weeks_missed:
        weeks = f"{trial.past_weeks_missed} of the last {_weeks(verdict.past_weeks)}"
        return f"{saved}, but missed the SLO in {weeks}"
    risk = f"{100 * trial.risk:.0f} % of the weeks ahead"
    return f"{saved}, but misses the SLO, or comes too near, in {risk}"


def _told(case: Case, trial: Trial, why: str) -> Rejected:
    return Rejected(
        settings=_settings(trial.configuration, case.problem.present),
        monthly_usd=round(trial.usd_per_month, 2),
        why_not=why,
    )


def _settings(configuration: Configuration, present: Configuration) -> str:
    if not configuration.scaling:
        size = configuration.desired_capacity
        return f"{configuration.machine.name}, {size} instance{'s' if size != 1 else ''}"
    parts = [configuration.machine.name, f"{configuration.min_size}–{configuration.max_size}"]
    if configuration.tracking is not None:
        parts.append(f"target {100 * configuration.tracking.target:.0f} %")
    if configuration.schedules != present.schedules:
        parts.append(f"{len(configuration.schedules)} scheduled floors")
    return ", ".join(parts)
