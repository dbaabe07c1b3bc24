"""From plans to a report and a patch: read, trace, decide, prove, edit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import tfopt
from tfopt.advise.baseline import Baseline, read_baseline
from tfopt.advise.deciding import Decided, Decider, Progress
from tfopt.advise.figures import totals
from tfopt.advise.inputs import (
    PlanInput,
    Proposers,
    Request,
    idle_workloads,
    proposers,
    read_inputs,
)
from tfopt.advise.patching import Claims, Edits, edits_of
from tfopt.advise.together import bundles
from tfopt.hcl.edit import Patch, make_patch
from tfopt.hcl.secret import SecretLines
from tfopt.patching.verify import Replan
from tfopt.pricing import PriceBook, load_book
from tfopt.recommendation import (
    Coverage,
    Group,
    Report,
    SkippedResource,
    SourcedPlan,
    Tool,
    counted,
)

__all__ = ["Advice", "Request", "advise"]

_ASSUMED = "traffic is assumed: give it a workload, or --accept-assumptions, for a patch"
_TOO_SHORT = (
    "under a day of traffic is measured: give it a day, or --accept-assumptions, for a patch"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer, and the patch that carries it out."""

    report: Report
    patch: Patch
    remarks: tuple[str, ...] = ()  # what the user should know of the own settings
    replans: tuple[Replan, ...] = ()  # how to verify the patch, for each plan that it changes
    baseline: Baseline | None = None  # the last answer, where one was given


def advise(request: Request, progress: Progress) -> Advice:
    """Decide every group of every plan, and make one patch of all that changes.

    Raises:
        TfoptError: an input cannot be used; nothing was written.
    """
    run = _Run(request, load_book(), proposers(request.policy))
    inputs = list(read_inputs(request))
    baseline = None
    if request.baseline is not None:
        baseline = read_baseline(request.baseline, [one.plan.path for one in inputs])
    decided = Decider(request, run.book, run.known, baseline).all(inputs, progress)
    groups, claims = run.with_edits(decided)
    patch = make_patch(claims.changes, _secrets(inputs))
    idle = idle_workloads(inputs)
    report = run.report(inputs, decided, groups, idle)
    replans = tuple(_replans(request, inputs, groups, claims, patch))
    return Advice(report, patch, tuple(idle), replans, baseline)


def _replans(
    request: Request, inputs: list[PlanInput], groups: list[Group], claims: Claims, patch: Patch
) -> Iterator[Replan]:
    for one in inputs:
        plan, folder = one.plan, one.given.config_dir
        wanted = claims.planned(plan.path)
        if not wanted or folder is None:
            continue
        moved = {m for g in groups if g.plan == plan.path for e in g.edits for m in e.also_moves}
        yield Replan(patch, folder, request.var_files, wanted, moved, plan.tool)


def _secrets(inputs: list[PlanInput]) -> SecretLines:
    """Return the lines of all sources that no output may show."""
    found: dict[Path, frozenset[int]] = {}
    for one in inputs:
        for path, rows in one.given.secrets().items():
            found[path] = found.get(path, frozenset()) | rows
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same over all plans of one call."""

    request: Request
    book: PriceBook
    known: Proposers

    def with_edits(self, decided: list[Decided]) -> tuple[list[Group], Claims]:
        """Add its edits to each group; collect those that are to be made."""
        claims = Claims()
        edits = [self._edits(one) for one in decided]
        for members in bundles([(one.traced.id, one.together) for one in decided]):
            admitted = claims.admit([(decided[i].traced, edits[i]) for i in members])
            for i, its in zip(members, admitted, strict=True):
                edits[i] = its
        groups = [self._group(one, its) for one, its in zip(decided, edits, strict=True)]
        return groups, claims

    def _edits(self, one: Decided) -> Edits:
        if self._only_assumed(one):
            return Edits([], [])
        day = one.facts.isoformat() if self.request.annotate else None
        edits = edits_of(one.traced, one.answer.group, one.together, comment_date=day)
        return edits.withheld(one.answer.refusals[0]) if one.answer.refusals else edits

    def _only_assumed(self, one: Decided) -> bool:
        return one.answer.group.assumed and not self.request.accept_assumptions

    def _group(self, one: Decided, edits: Edits) -> Group:
        answer = one.answer.group.model_copy(update={"plan": one.traced.plan})
        if not self._only_assumed(one):
            return answer.model_copy(update={"edits": edits.listed})
        measured = answer.confidence is not None and answer.confidence.history_days > 0
        notes = [*answer.notes, _TOO_SHORT if measured else _ASSUMED]
        return answer.model_copy(update={"notes": notes})

    def _price_date(self, inputs: list[PlanInput]) -> str:
        """Return the date of the oldest price list that stands behind a figure."""
        clouds = {group.cloud for given in inputs for group in given.plan.groups}
        return min((self.book.date_of(cloud) for cloud in clouds), default=self.book.date)

    def report(
        self,
        inputs: list[PlanInput],
        decided: list[Decided],
        groups: list[Group],
        idle: Mapping[str, str],
    ) -> Report:
        """Put it all together."""
        plans = [
            _plan_info(
                given,
                [remark for remark, plan in idle.items() if plan == given.plan.path],
                self.known.note,
            )
            for given in inputs
        ]
        measured = counted([group for group in groups if not group.assumed])
        names = {(group.plan, group.address) for group in measured}
        answers = [
            one.answer for one in decided if (one.traced.plan, one.traced.group.address) in names
        ]
        recommended = sum(g.status == "recommended" and not g.assumed for g in groups)
        return Report(
            tool=Tool(
                version=tfopt.__version__,
                policy=self.known.policy,
                policy_sha256=self.known.sha256,
                price_date=self._price_date(inputs),
                price_attribution=self.book.attribution,
            ),
            plan=plans[0],
            plans=plans if len(plans) > 1 else [],
            groups=groups,
            totals=totals([a.spending for a in answers if a.spending], len(groups), recommended),
            coverage=_coverage(inputs, groups, sum(one.traced.leaves.ignored for one in decided)),
        )


def _plan_info(one: PlanInput, idle: list[str], note: str | None) -> SourcedPlan:
    plan, folder = one.plan, one.given.config_dir
    return SourcedPlan(
        path=plan.path,
        terraform_version=plan.terraform_version,
        complete=plan.complete,
        warnings=[*plan.warnings, *idle, *([note] if note else [])],
        config_dir=Path(os.path.relpath(folder)).as_posix() if folder else None,
    )


def _coverage(inputs: list[PlanInput], groups: list[Group], ignored: int) -> Coverage:
    skipped = [
        SkippedResource(
            address=item.address, plan=given.plan.path, kind=item.kind, reason=item.reason
        )
        for given in inputs
        for item in given.plan.skipped
    ]
    analysed_groups = [group for group in groups if group.status != "not-analysed"]
    partial = sum(
        any(edit.file is None for edit in group.edits)
        or any("not patchable" in note for note in group.notes)
        for group in analysed_groups
    )
    skipped += [
        SkippedResource(
            address=group.address, plan=group.plan, kind=group.kind, reason=group.reason
        )
        for group in groups
        if group.status == "not-analysed"
    ]
    return Coverage(
        analysed=len(analysed_groups), partial=partial, ignored=ignored, skipped=skipped
    )
