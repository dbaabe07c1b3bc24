"""The sentences a tired reader needs: what a change saves, what the SLO and instances feel."""

from __future__ import annotations

from collections.abc import Iterator

from tfopt.recommendation import Cost, Group, Interval, Report, counted
from tfopt.render import words
from tfopt.render.settings import summary

_IMPACT = {
    "none": "not touched",
    "in-place": "kept; the change is made in place",
    "rolling": "rolling",
    "replace": "replaced",
}


def headline(report: Report) -> str:
    """Say what the change saves, and of every analysed group what becomes of the SLO."""
    analysed = [group for group in report.groups if group.status != "not-analysed"]
    if not analysed:
        return "No group could be analysed."
    possible = [group for group in analysed if _is_possible(group)]
    settled = [group for group in analysed if not _is_possible(group)]
    changed = [group for group in settled if group.status == "recommended"]
    sentences = []
    if changed:
        parts = [_headline_saving(report, changed), *_headline_risks(settled)]
        of = f"{len(changed)} of {words.count(len(analysed), 'group')}"
        sentences.append(f"{'; '.join(parts)} ({of} changed).")
    elif settled:
        kept = f"Nothing to change in {words.count(len(settled), 'group')}"
        sentences.append(f"{'; '.join([kept, *_headline_risks(settled)])}.")
    if possible:
        sentences.append(_headline_possible(possible))
    return " ".join(sentences)


def _is_possible(group: Group) -> bool:
    """Tell whether a change is shown that is not made: it rests on assumed traffic."""
    return group.status == "recommended" and group.assumed and not group.edits


def _headline_possible(possible: list[Group]) -> str:
    """Say what groups could save that are left as they are, since their traffic is assumed."""
    before, after = _spent(possible)
    usd, share = before - after, (1 - after / before if before else 0.0)
    verb, tail = ("save", "a month") if usd >= 0 else ("cost", "a month more")
    which = words.count(len(possible), "group")
    could = (
        f"{which[:1].upper()}{which[1:]} could {verb} {words.money(abs(usd))} {tail}, "
        f"{words.cost_change(share)}"
    )
    risk = _worst_risk(possible)
    return f"{could}{f'; {risk}' if risk else ''} (assumed traffic; nothing is changed)."


def _spent(groups: list[Group]) -> tuple[float, float]:
    """Return what groups cost a month now and as proposed: the sums of their medians, in USD."""
    costs = [group.cost for group in counted(groups) if group.cost]
    return (
        sum(cost.current_monthly_usd.p50 for cost in costs),
        sum(cost.recommended_monthly_usd.p50 for cost in costs),
    )


def period_of(group: Group) -> str:
    """Return the word for what was simulated of a group, once per scenario."""
    return words.period(len(group.demand.hourly_p50_rps)) if group.demand else "week"


def _headline_saving(report: Report, changed: list[Group]) -> str:
    totals, mark = report.totals, ""
    now, then = totals.current_monthly_usd, totals.recommended_monthly_usd
    paired = totals.saving_monthly_usd
    saved = totals.savings_share.p50
    if all(group.assumed for group in changed):  # the totals leave assumed groups out
        before, after = _spent(changed)
        now, then = (Interval(p50=x, p05=x, p95=x) for x in (before, after))
        saved, paired, mark = (1 - after / before if before else 0.0), None, ", assumed"
    usd, span = _saving(now, then, paired)
    verb, tail = ("Saves", "a month") if usd >= 0 else ("Costs", "a month more")
    return f"{verb} {words.money(abs(usd))} {tail}{span}, {words.cost_change(saved)}{mark}"


def _headline_risks(settled: list[Group]) -> Iterator[str]:
    """Say the risk of all groups as they will be, kept ones too; of assumed traffic apart."""
    for assumed, mark in ((False, ""), (True, ", assumed")):
        risk = _worst_risk([group for group in settled if group.assumed == assumed])
        if risk:
            yield f"{risk}{mark}"


def _worst_risk(groups: list[Group]) -> str:
    """Say the worst of the groups' risks now and as proposed; empty where none is known.

    The two may be of different groups: then neither hides what another group does.
    """
    known = [(group, group.slo) for group in groups if group.slo]
    if not known:
        return ""
    period = period_of(known[0][0])
    risks = [
        (slo.current_risk, slo.recommended_risk if g.status == "recommended" else slo.current_risk)
        for g, slo in known
    ]
    now, then = (max(column) for column in zip(*risks, strict=True))
    worst = (
        " in the worst group" if len({words.misses_change(*r, period) for r in risks}) > 1 else ""
    )
    if words.misses(now, period) == words.misses(then, period):
        return f"SLO risk stays at {words.misses(now, period)}{worst}"
    return f"SLO risk {words.misses_change(now, then, period)}{worst}"


def _saving(now: Interval, then: Interval, paired: Interval | None) -> tuple[float, str]:
    """Return the monthly saving in USD and its range in words, empty where it is not known."""
    if paired is None:
        return now.p50 - then.p50, ""
    if paired.p50 >= 0:
        return paired.p50, words.money_spread(paired)
    turned = Interval(p50=-paired.p50, p05=-paired.p95, p95=-paired.p05)
    return paired.p50, words.money_spread(turned)


def verdict(group: Group) -> str:
    """Say why a group stays as it is, empty for one that is to change."""
    reason = group.reason.rstrip(".")
    if group.status == "recommended":
        return ""
    if group.status == "unchanged" and group.current:
        return f"Keep {summary(group.current)}: {reason}."
    if "." in reason.partition(" ")[0]:  # an address is spelt as it is
        return f"{reason}."
    return f"{reason[:1].upper()}{reason[1:]}."


def saving_sentence(cost: Cost, mark: str) -> str:
    """Say what a change saves or costs a month, with its range and share."""
    usd, span = _saving(
        cost.current_monthly_usd, cost.recommended_monthly_usd, cost.saving_monthly_usd
    )
    change = words.cost_change(cost.savings_share.p50)
    if usd >= 0:
        return f"Saves {words.money(usd)} a month{span}, {change}{mark}."
    return f"Costs {words.money(-usd)} a month more{span}, {change}{mark}."


def risk_sentence(group: Group, mark: str) -> str:
    """Say what happens to the SLO."""
    slo = group.slo
    if slo is None:
        return ""
    period = period_of(group)
    now, then = (words.misses(x, period) for x in (slo.current_risk, slo.recommended_risk))
    if now == then or group.status != "recommended":
        return f"SLO missed in {now}{', as now' if group.status == 'recommended' else ''}{mark}."
    return f"SLO missed in {words.misses_count(slo.recommended_risk)} instead of {now}{mark}."


def impact_sentence(group: Group) -> str:
    """Say what an apply of the change does to running instances."""
    if group.impact is None or group.status != "recommended":
        return ""
    notes = "; ".join(group.impact.notes)
    kind = _IMPACT[group.impact.kind]
    return f"Running instances: {kind}{'; ' if notes else ''}{notes}."
