"""The one sentence a tired reader needs: what the change saves and what it does to the SLO."""

from __future__ import annotations

from tfopt.recommendation import Group, Interval, Report
from tfopt.render import words


def headline(report: Report) -> str:
    """Say in one sentence what the change saves and what it does to the SLO."""
    changed = [group for group in report.groups if group.status == "recommended"]
    analysed = [group for group in report.groups if group.status != "not-analysed"]
    if not analysed:
        return "No group could be analysed."
    if not changed:
        return f"Nothing to change in {words.count(len(analysed), 'group')}."
    parts = [_headline_saving(report, changed), _headline_risk(changed)]
    of = f"{len(changed)} of {words.count(len(analysed), 'group')}"
    return f"{'; '.join(filter(None, parts))} ({of} changed)."


def _headline_saving(report: Report, changed: list[Group]) -> str:
    totals, mark = report.totals, ""
    now, then, paired = (
        totals.current_monthly_usd,
        totals.recommended_monthly_usd,
        totals.saving_monthly_usd,
    )
    saved = totals.savings_share.p50
    if all(group.assumed for group in changed):  # the totals leave assumed groups out
        costs = [group.cost for group in changed if group.cost]
        before = sum(cost.current_monthly_usd.p50 for cost in costs)
        after = sum(cost.recommended_monthly_usd.p50 for cost in costs)
        now, then = (Interval(p50=x, p05=x, p95=x) for x in (before, after))
        saved, paired, mark = (1 - after / before if before else 0.0), None, " (assumed)"
    usd, span = saving_of(now, then, paired)
    verb, tail = ("Saves", "a month") if usd >= 0 else ("Costs", "a month more")
    return f"{verb} {words.money(abs(usd))} {tail}{span}, {words.cost_change(saved)}{mark}"


def _headline_risk(changed: list[Group]) -> str:
    known = [group.slo for group in changed if group.slo]
    if not known:
        return ""
    now = max(slo.current_risk for slo in known)
    then = max(slo.recommended_risk for slo in known)
    if words.weeks(now) == words.weeks(then):
        return f"SLO risk stays at {words.weeks(now)}"
    return f"SLO risk {words.weeks_change(now, then)} in the worst group"


def saving_of(now: Interval, then: Interval, paired: Interval | None) -> tuple[float, str]:
    """Return the monthly saving in USD and its range in words, empty where it is not known."""
    if paired is None:
        return now.p50 - then.p50, ""
    if paired.p50 >= 0:
        return paired.p50, words.money_spread(paired)
    turned = Interval(p50=-paired.p50, p05=-paired.p95, p95=-paired.p05)
    return paired.p50, words.money_spread(turned)
