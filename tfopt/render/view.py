"""The report in words, once for every format that people read: table, markdown and comment."""

from __future__ import annotations

from dataclasses import dataclass

from tfopt.recommendation import (
    Alternative,
    Fact,
    Group,
    Proof,
    ReadyToAdd,
    Rejected,
    Report,
    SkippedResource,
)
from tfopt.render import words
from tfopt.render.chart import Chart, demand_chart
from tfopt.render.sentences import (
    headline,
    impact_sentence,
    period_of,
    risk_sentence,
    saving_sentence,
    verdict,
)
from tfopt.render.settings import LABELS, SettingRow, changes, scaled_by, setting_rows
from tfopt.render.trust import asked_for, how_far, trust

NEXT_BEST = 3
_GRADE = {
    "edit-literal": "a literal in the .tf",
    "module-default": "a module's default: the call must pass the value",
    "ignored-by-lifecycle": "ignore_changes keeps it from taking effect",
    "value-from-environment": "no file holds the planned value",
    "unknown": "not traced to a literal",
}
_ORDER = {name: position for position, name in enumerate(LABELS)}
_IMPACT_WORD = {
    "none": "not touched",
    "in-place": "in place",
    "rolling": "rolling",
    "replace": "replace",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, now and as proposed; `proposed` is empty where nothing changes."""

    label: str
    now: str
    proposed: str
    limit: str = ""  # what the SLO allows


@dataclass(frozen=True, slots=True)
class Trace:
    """One attribute's way from the literal that decides it to the group."""

    label: str  # "minimum"
    place: str  # "terraform.tfvars:6", empty where not patchable
    hops: list[str]
    note: str  # grade and reason in words, empty where there is nothing to know
    also_moves: list[str]
    patchable: bool


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group in words. Every figure says "assumed" where it rests on an assumption."""

    address: str
    plan: str  # its path, empty where only one plan was read
    subtitle: str  # kind and region
    status: str  # "recommended", "not analysed, assumed"
    recommended: bool
    changes: list[str]  # "m5.xlarge → m7a.large", "minimum 6 → 4 instances"
    saving: str
    risk: str
    impact: str
    impact_word: str
    cost_cell: str
    risk_cell: str
    verdict: str  # for a group that stays: "Keep m5.xlarge, 6–24 instances: no cheaper type."
    reason: str
    settings: list[SettingRow]
    figures: list[Figure]
    scaled_by: list[str]  # the policies beside the target CPU; no edit changes them
    why_this_type: str
    proposed_type: str
    alternatives: list[AlternativeView]
    moved_by: list[str]  # facts, the largest first
    rejected: list[str]
    traces: list[Trace]
    demand: str
    trust: list[str]
    proof: ProofView | None
    ready_to_add: list[ReadyView]
    notes: list[str]
    ahead: str  # what is simulated: "week", "14 days"
    chart: Chart | None

    @property
    def change(self) -> str:
        """All that is to change, on one line."""
        return ", ".join(self.changes)


@dataclass(frozen=True, slots=True)
class AlternativeView:
    """A type that was weighed and not taken."""

    instance_type: str
    cost: str
    change: str
    risk: str
    why_not: str


@dataclass(frozen=True, slots=True)
class ProofView:
    """Who proposed the settings, and each contender's figures as cells."""

    sentence: str
    contenders: list[tuple[str, str, str, str, str]]  # name, cost, bad minutes, risk, verdict


@dataclass(frozen=True, slots=True)
class ReadyView:
    """A block the configuration has no place for yet."""

    what: str
    saving: str
    block: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """The whole report in words."""

    headline: str
    total: str  # empty where nothing was analysed
    groups: list[GroupView]
    skipped: list[SkippedResource]
    coverage: str
    plan: str
    warnings: list[str]
    prices: str
    tool: str


def report_view(report: Report) -> ReportView:
    """Put a report (its strings already made plain) into words."""
    plans = report.plans or [report.plan]
    names = ", ".join(dict.fromkeys(plan.path for plan in plans))
    several = len(plans) > 1
    skipped = [
        item if several else item.model_copy(update={"plan": None})
        for item in report.coverage.skipped
    ]
    made_by = ", ".join(dict.fromkeys(plan.terraform_version for plan in plans))
    policy = report.tool.policy
    if report.tool.policy_sha256:
        policy += f" ({report.tool.policy_sha256[:8]})"
    return ReportView(
        headline=headline(report),
        total=_total(report),
        groups=[group_view(group, named=several) for group in report.groups],
        skipped=skipped,
        coverage=_coverage(report),
        plan=f"{names} (Terraform {made_by})",
        warnings=_warnings(report),
        prices=f"{report.tool.price_date}. {report.tool.price_attribution}",
        tool=f"tfopt {report.tool.version}, policy {policy}",
    )


def group_view(group: Group, *, named: bool) -> GroupView:
    """Put one group into words; `named` says which plan it stands in."""
    mark = ", assumed" if group.assumed else ""  # ends a phrase
    cell = f"{words.GAP}assumed" if group.assumed else ""  # ends a figure that stands alone
    proposed = group.recommended if group.status == "recommended" else None
    return GroupView(
        address=group.address,
        plan=(group.plan or "") if named else "",
        subtitle=", ".join(filter(None, (group.kind, group.region))),
        status=group.status.replace("-", " ") + mark,
        recommended=proposed is not None,
        changes=changes(group.current, proposed),
        saving=saving_sentence(group.cost, mark) if group.cost and proposed else "",
        risk=risk_sentence(group, mark),
        impact=impact_sentence(group),
        impact_word=_IMPACT_WORD[group.impact.kind] if group.impact and proposed else "",
        cost_cell=_cost_cell(group, cell),
        risk_cell=_risk_cell(group, cell),
        verdict=verdict(group),
        reason=group.reason.rstrip("."),
        settings=setting_rows(group, cell),
        figures=_figures(group, cell),
        scaled_by=scaled_by(group.current) if group.current else [],
        why_this_type=group.why_this_type or "",
        proposed_type=group.recommended.instance_type if group.recommended else "",
        alternatives=[
            alternative_view(item, cell, period_of(group))
            for item in group.alternatives[:NEXT_BEST]
        ],
        moved_by=[_fact(item) for item in group.explanation.facts] if group.explanation else [],
        rejected=[_reject(item) for item in group.explanation.rejected]
        if group.explanation
        else [],
        traces=_traces(group),
        demand=asked_for(group.demand, mark) if group.demand else "",
        trust=trust(group),
        proof=_proof(group.proof, mark, cell, period_of(group)) if group.proof else None,
        ready_to_add=[_ready(item, mark) for item in group.ready_to_add],
        notes=group.notes,
        ahead=how_far(group),
        chart=demand_chart(group.demand, mark, proposed=bool(proposed)) if group.demand else None,
    )


def _fact(item: Fact) -> str:
    side = "for it" if item.effect == "for" else "against it"
    return f"{item.value} (weighs {round(100 * item.share)} %, {side})"


def _reject(item: Rejected) -> str:
    return f"{item.settings}: {item.why_not}"


def _cost_cell(group: Group, mark: str) -> str:
    if group.cost is None:
        return ""
    now = words.money(group.cost.current_monthly_usd.p50)
    if group.status != "recommended":
        return f"{now}{mark}"
    then = words.money(group.cost.recommended_monthly_usd.p50)
    return f"{now} → {then} ({words.cost_change(group.cost.savings_share.p50)}){mark}"


def _risk_cell(group: Group, mark: str) -> str:
    if group.slo is None:
        return ""
    if group.status != "recommended":
        return f"{words.misses(group.slo.current_risk, period_of(group))}{mark}"
    now, then = group.slo.current_risk, group.slo.recommended_risk
    return words.misses_change(now, then, period_of(group)) + mark


def _figures(group: Group, mark: str) -> list[Figure]:
    """Return the measured figures of a group; the proposed side is empty where nothing changes."""
    rows: list[Figure] = []
    changes_it = group.status == "recommended"

    def row(label: str, now: str, then: str, limit: str = "") -> None:
        rows.append(Figure(label, now + mark, then + mark if changes_it else "", limit))

    def span(now: str, then: str) -> None:
        if (rows[-1].now, rows[-1].proposed) != (now + mark, then + mark if changes_it else ""):
            row("  p05–p95", now, then)

    if cost := group.cost:
        now, then = cost.current_monthly_usd, cost.recommended_monthly_usd
        row("cost a month", words.money(now.p50), words.money(then.p50))
        span(words.money_range(now), words.money_range(then))
    if slo := group.slo:
        risks = (
            words.misses(x, period_of(group)) for x in (slo.current_risk, slo.recommended_risk)
        )
        row("SLO missed in", *risks)
        bad_now, bad_then = slo.current_bad_minute_share, slo.recommended_bad_minute_share
        row(
            "bad minutes",
            words.share(bad_now.p50),
            words.share(bad_then.p50),
            f"SLO: at most {words.setting_share(slo.max_bad_minutes)}",
        )
        span(words.share_range(bad_now), words.share_range(bad_then))
        latency = words.milliseconds(slo.p99_ms.p50) + mark  # of the recommended settings only
        limit = f"SLO: {words.milliseconds(slo.slo_p99_ms)}"
        now_then = ("", latency) if changes_it else (latency, "")
        rows.append(Figure("p99 latency", *now_then, limit))
    return rows


def alternative_view(item: Alternative, mark: str, period: str) -> AlternativeView:
    """Put one type that was not taken into words."""
    return AlternativeView(
        instance_type=item.instance_type,
        cost="" if item.monthly_usd is None else words.money(item.monthly_usd) + mark,
        change="" if item.savings_share is None else words.cost_change(item.savings_share) + mark,
        risk="" if item.risk is None else words.misses(item.risk, period) + mark,
        why_not=item.why_not,
    )


def _traces(group: Group) -> list[Trace]:
    return [
        Trace(
            label=LABELS.get(edit.attribute, edit.attribute),
            place=f"{edit.file}:{edit.line}" if edit.file and edit.line else (edit.file or ""),
            hops=edit.trace,
            note=": ".join(filter(None, (_GRADE.get(edit.grade), edit.reason))),
            also_moves=edit.also_moves,
            patchable=edit.new is not None,
        )
        for edit in sorted(group.edits, key=lambda edit: _ORDER.get(edit.attribute, len(_ORDER)))
    ]


def _proof(proof: Proof, mark: str, cell: str, period: str) -> ProofView:
    span = words.money_range(proof.saving_usd_per_month)
    rivals = words.count(len(proof.contenders) - 1, "other")
    rows = [
        (
            item.name,
            words.money(item.monthly_usd) + cell,
            words.share(item.bad_minute_share) + cell,
            words.misses(item.risk, period) + cell,
            "meets the SLO" if item.meets_slo else "misses the SLO",
        )
        for item in proof.contenders
    ]
    sentence = (
        f"{proof.won_by} won against {rivals} on the same {period}s; "
        f"mean saving {span} a month (95{words.GAP}% interval){mark}; "
        f"{words.count(proof.scenarios_spent, 'group-week')} simulated"
    )
    return ProofView(sentence=sentence, contenders=rows)


def _ready(item: ReadyToAdd, mark: str) -> ReadyView:
    saving = ""
    if item.savings_share is not None:
        saving = words.cost_change(item.savings_share.p50) + mark
    return ReadyView(what=item.what, saving=saving, block=item.block.rstrip())


def _total(report: Report) -> str:
    totals = report.totals
    measured = sum(g.cost is not None and not g.assumed for g in report.groups)
    if not measured:
        return ""
    now, then = totals.current_monthly_usd, totals.recommended_monthly_usd
    text = f"{words.count(measured, 'group')}: {words.money(now.p50)} a month"
    if totals.recommended:
        text += f" → {words.money(then.p50)} (p05–p95 {words.money_range(then)})"
    assumed = sum(g.cost is not None and g.assumed for g in report.groups)
    if assumed:
        text += f"; {words.count(assumed, 'group')} with assumed traffic not counted"
    return text


def _coverage(report: Report) -> str:
    coverage = report.coverage
    parts = [f"{words.count(coverage.analysed, 'group')} analysed"]
    if coverage.partial:
        parts.append(f"{coverage.partial} of them with a value that cannot be patched")
    if coverage.ignored:
        parts.append(f"{words.count(coverage.ignored, 'setting')} left alone by tfopt:ignore")
    if coverage.skipped:
        parts.append(f"{words.count(len(coverage.skipped), 'resource')} skipped")
    return ", ".join(parts)


def _warnings(report: Report) -> list[str]:
    plans = report.plans or [report.plan]
    named = len(plans) > 1
    lines = []
    for plan in plans:
        prefix = f"{plan.path}: " if named else ""
        lines += [f"{prefix}{warning}" for warning in plan.warnings]
        if not plan.complete:
            lines.append(f"{prefix}the plan is not complete (-target?): groups may be missing")
    return lines
