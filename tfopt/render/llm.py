"""Compact JSON for language models: what to change, where and why, in few words."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from tfopt.recommendation import Edit, Group, Interval, Report, SourcedPlan
from tfopt.render.plain import plain_report
from tfopt.render.sentences import headline
from tfopt.render.settings import summary

_ALTERNATIVES = 2


def render_llm(report: Report) -> str:
    """Return one line of JSON; keys say what they hold, and what is empty is left out."""
    plain = plain_report(report)
    plans = {plan.path: plan for plan in plain.plans or [plain.plan]}
    answer = {
        "summary": headline(plain),
        "usd": "per month, median of the simulated weeks",
        "groups": [
            _group(group, plans.get(group.plan or "", plain.plan)) for group in plain.groups
        ],
        "skipped": [f"{item.address}: {item.reason}" for item in plain.coverage.skipped],
        "warnings": [warning for plan in plans.values() for warning in plan.warnings],
        "prices_of": plain.tool.price_date,
        "by": f"tfopt {plain.tool.version}, policy {plain.tool.policy}",
    }
    return json.dumps(_filled(answer), ensure_ascii=False, separators=(",", ":")) + "\n"


def _group(group: Group, plan: SourcedPlan) -> dict[str, Any]:
    changes = group.status == "recommended"
    made = [edit for edit in group.edits if edit.new is not None]
    answer: dict[str, Any] = {
        "address": group.address,
        "plan": group.plan,
        "status": group.status,
        "assumed": group.assumed or None,
        "why": group.reason,
        "now": summary(group.current) if group.current else None,
        "proposed": summary(group.recommended) if changes and group.recommended else None,
        "edits": [_edit(edit, plan) for edit in made],
        "not_patchable": [
            f"{edit.attribute}: {edit.reason or edit.grade}"
            for edit in group.edits
            if edit.new is None
        ],
        "also_moves": sorted({moved for edit in made for moved in edit.also_moves}),
        "usd": _usd(group),
        "weeks_missing_slo": _risk(group),
        "type_because": group.why_this_type if changes else None,
        "not_taken": [
            f"{item.instance_type}: {item.why_not}" for item in group.alternatives[:_ALTERNATIVES]
        ],
        "apply": "; ".join((group.impact.kind, *group.impact.notes)) if group.impact else None,
        "notes": group.notes,
    }
    return answer


def _edit(edit: Edit, plan: SourcedPlan) -> str:
    file = posixpath.normpath(posixpath.join(plan.config_dir or "", edit.file or ""))
    place = f"{file}:{edit.line}" if edit.line else file
    path = f" {edit.path}" if edit.path else ""
    return f"{place}{path} ({edit.attribute}): {edit.old or 'nothing'} -> {edit.new}"


def _usd(group: Group) -> dict[str, Any] | None:
    cost = group.cost
    if cost is None:
        return None
    if group.status != "recommended":
        return {"now": round(cost.current_monthly_usd.p50)}
    saving = cost.saving_monthly_usd or Interval(
        p50=cost.current_monthly_usd.p50 - cost.recommended_monthly_usd.p50, p05=0, p95=0
    )
    return {
        "now": round(cost.current_monthly_usd.p50),
        "proposed": round(cost.recommended_monthly_usd.p50),
        "saving": round(saving.p50),
        "saving_p05_p95": [round(saving.p05), round(saving.p95)]
        if cost.saving_monthly_usd
        else None,
    }


def _risk(group: Group) -> dict[str, float] | None:
    if group.slo is None:
        return None
    now = {"now": round(group.slo.current_risk, 3)}
    if group.status != "recommended":
        return now
    return now | {"proposed": round(group.slo.recommended_risk, 3)}


def _filled(value: Any) -> Any:
    """Return the answer without what says nothing."""
    if isinstance(value, dict):
        filled = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in filled.items() if item not in (None, "", [], {})}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return value
