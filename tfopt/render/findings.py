"""What a report asks somebody to act on, one by one, for formats that list findings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tfopt.marker import from_root
from tfopt.recommendation import Edit, Group, Report, SourcedPlan
from tfopt.render.sentences import risk_sentence, saving_sentence
from tfopt.render.settings import LABELS

SLO_RISK = "slo-risk"
_OTHER = "setting"
# attribute → what the rule says of it; the names are those of `# tfopt:ignore[=attribute]`
RULES = {
    "instance_type": "Another instance type serves this load.",
    "min_size": "Another minimum serves this load.",
    "max_size": "Another maximum serves this load.",
    "desired_capacity": "Another number of instances serves this load.",
    "target_cpu": "Another CPU target serves this load.",
    "schedules": "Another schedule serves this load.",
    "spot_share": "Another share of spot instances serves this load.",
    _OTHER: "Another value serves this load.",
    SLO_RISK: "The present settings miss the service level objective too often.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One value to change, or a group that misses its SLO.

    Attributes:
        rule: a key of `RULES`.
        group: what it is about.
        text: one or two sentences.
        serious: whether the service suffers; else it is money alone.
        file: from the repository's root, with forward slashes; the plan's where no file holds it.
        edit: what changes; None for a group that misses its SLO.
        fingerprint: the same in every run that finds the same, wherever its line has moved to.
    """

    rule: str
    group: Group
    text: str
    serious: bool
    file: str
    edit: Edit | None
    fingerprint: str

    @property
    def line(self) -> int:
        """Return the line to show it on, 1-based."""
        return (self.edit.line if self.edit and self.edit.file else None) or 1


def findings(report: Report, *, below: str, max_slo_risk: float) -> list[Finding]:
    """Return every finding of the report, group by group.

    Args:
        report: with its strings made plain.
        below: the working directory, from the repository's root; empty where it is that.
        max_slo_risk: the share of weeks that may miss the SLO.
    """
    plans = {plan.path: plan for plan in report.plans or [report.plan]}
    found: list[Finding] = []
    for group in report.groups:
        plan = plans.get(group.plan or "", report.plan)
        found += _of(group, plan, below, max_slo_risk)
    return found


def _of(group: Group, plan: SourcedPlan, below: str, max_slo_risk: float) -> Iterator[Finding]:
    missed = group.slo is not None and group.slo.current_risk > max_slo_risk
    if group.status == "recommended":
        for edit in group.edits:
            file = _file(plan, edit, below)
            yield Finding(
                rule=edit.attribute if edit.attribute in RULES else _OTHER,
                group=group,
                text=_advice(group, edit),
                serious=missed,
                file=file,
                edit=edit,
                fingerprint=_fingerprint(group, edit.attribute, edit.path, file),
            )
    if missed:
        owned = next((edit for edit in group.edits if edit.file), None)
        yield Finding(
            rule=SLO_RISK,
            group=group,
            text=f"{group.address}: {risk_sentence(group, _mark(group))}",
            serious=True,
            file=_file(plan, owned, below),
            edit=owned,
            fingerprint=_fingerprint(group, SLO_RISK, _folder(plan, below)),
        )


def _mark(group: Group) -> str:
    return ", assumed" if group.assumed else ""


def _advice(group: Group, edit: Edit) -> str:
    label = LABELS.get(edit.attribute, edit.attribute)
    if edit.new is None:
        return f"{group.address}: the {label} is not patchable: {edit.reason or edit.grade}."
    was = f"{edit.old} → {edit.new}" if edit.old is not None else f"add {edit.new}"
    saved = saving_sentence(group.cost, _mark(group)) if group.cost else ""
    if saved and sum(other.new is not None for other in group.edits) > 1:
        saved = f"All its changes: {saved[:1].lower()}{saved[1:]}"
    parts = (f"{group.address}: {label} {was}.", saved, risk_sentence(group, _mark(group)))
    return " ".join(filter(None, parts))


def _file(plan: SourcedPlan, edit: Edit | None, below: str) -> str:
    """Return the owned file, else the plan's, from the repository's root."""
    if edit is None or edit.file is None:
        return from_root(below, plan.path)
    return from_root(below, f"{plan.config_dir or '.'}/{edit.file}")


def _folder(plan: SourcedPlan, below: str) -> str:
    """Return what tells the plans of identical copies apart: where they stand."""
    return from_root(below, plan.config_dir or f"{plan.path}/..")


def _fingerprint(group: Group, rule: str, *where: str | None) -> str:
    """Return a digest of what lasts: neither lines nor figures, which every run may move.

    A plan counts where it is one of several: they may share a file.
    """
    plan = group.plan and from_root("", group.plan)
    text = "\n".join((group.address, rule, *(part or "" for part in (*where, plan))))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
