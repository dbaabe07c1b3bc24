"""From plans to a report and a patch: read, trace, decide, prove, edit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import tfopt
from tfopt.advise.answer import Answer, analysed, not_analysed
from tfopt.advise.decide import Demands, decide
from tfopt.advise.figures import totals
from tfopt.advise.inputs import (
    PlanInput,
    Proposers,
    Request,
    idle_workloads,
    proposers,
    read_inputs,
)
from tfopt.advise.leaves import Leaves, knobs_of, trace_groups
from tfopt.advise.patching import Claims, edits_of
from tfopt.hcl.edit import Patch, make_patch
from tfopt.hcl.secret import SecretLines
from tfopt.hcl.trace import Tracer
from tfopt.patching.verify import Replan
from tfopt.plan.model import InstanceGroup, Plan
from tfopt.pricing import PriceBook, load_book
from tfopt.recommendation import Coverage, Group, PlanInfo, Report, SkippedResource, Tool
from tfopt.scenario import NotAnalysedError, build_case

__all__ = ["Advice", "Request", "advise"]

MAX_WORKERS = 8
Progress = Callable[[int, int, str], None]
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


def advise(request: Request, progress: Progress) -> Advice:
    """Decide every group of every plan, and make one patch of all that changes.

    Raises:
        TfoptError: an input cannot be used; nothing was written.
    """
    run = _Run(request, load_book(), proposers(request.policy))
    inputs = list(read_inputs(request))
    work = [(given, traced) for given in inputs for traced in run.groups_of(given)]
    decided: list[_Decided] = []
    # the simulator's kernels release the interpreter lock: groups are decided side by side
    with ThreadPoolExecutor(max_workers=min(MAX_WORKERS, os.cpu_count() or 1)) as pool:
        for one in pool.map(lambda item: run.decided(*item), work):
            decided.append(one)
            progress(len(decided), len(work), one.traced.group.address)
    groups, claims = run.with_edits(decided)
    patch = make_patch(claims.changes, _secrets(inputs))
    idle = idle_workloads(inputs)
    report = run.report(inputs, decided, groups, idle)
    replans = tuple(_replans(request, inputs, groups, claims, patch))
    return Advice(report, patch, tuple(idle), replans)


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
class _Traced:
    """One group and where its settings stand."""

    plan: str  # its path
    group: InstanceGroup
    leaves: Leaves
    tracer: Tracer | None


@dataclass(frozen=True, slots=True)
class _Decided:
    """One group with its answer."""

    traced: _Traced
    answer: Answer
    facts: date  # of the newest history or price used


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same over all plans of one call."""

    request: Request
    book: PriceBook
    known: Proposers

    def groups_of(self, given: PlanInput) -> Iterator[_Traced]:
        """Yield a plan's groups, their settings traced through the sources."""
        plan = given.plan
        tracer = given.given.tracer()
        leaves = trace_groups(plan, tracer, given.given.no_sources)
        for group in plan.groups:
            yield _Traced(plan.path, group, leaves[group.address], tracer)

    def decided(self, given: PlanInput, traced: _Traced) -> _Decided:
        """Decide one group, or say why it cannot be decided."""
        request, settings, group = self.request, given.settings, traced.group
        priced = date.fromisoformat(self.book.date_of(group.cloud))
        knobs = knobs_of(group, traced.leaves, settings.defaults)
        try:
            case = build_case(
                group,
                settings,
                self.book,
                knobs=knobs,
                horizon_s=request.horizon_s,
                seed=request.seed,
            )
        except NotAnalysedError as reason:
            return _Decided(traced, not_analysed(group, str(reason)), priced)
        demands = Demands(request.min_savings_share, request.min_savings_usd, request.max_slo_risk)
        decision = decide(case, self.known.for_knobs(knobs), demands, request.seed)
        answer = analysed(given.plan, case, decision, traced.leaves, request.max_slo_risk)
        measured = priced if case.traffic.assumed else (case.start - timedelta(seconds=1)).date()
        return _Decided(traced, answer, max(priced, measured))

    def with_edits(self, decided: list[_Decided]) -> tuple[list[Group], Claims]:
        """Add its edits to each group; collect those that are to be made."""
        claims = Claims()
        groups: list[Group] = []
        for one in decided:
            traced = one.traced
            answer = one.answer.group.model_copy(update={"plan": traced.plan})
            if answer.assumed and not self.request.accept_assumptions:
                measured = answer.confidence is not None and answer.confidence.history_days > 0
                notes = [*answer.notes, _TOO_SHORT if measured else _ASSUMED]
                groups.append(answer.model_copy(update={"notes": notes}))
                continue
            day = one.facts.isoformat() if self.request.annotate else None
            edits = edits_of(traced.group, answer, traced.leaves, traced.tracer, comment_date=day)
            if one.answer.refusals:
                edits = edits.withheld(one.answer.refusals[0])
            listed = claims.admit(traced.plan, answer.address, edits)
            groups.append(answer.model_copy(update={"edits": listed}))
        return groups, claims

    def _price_date(self, inputs: list[PlanInput]) -> str:
        """Return the date of the oldest price list that stands behind a figure."""
        clouds = {group.cloud for given in inputs for group in given.plan.groups}
        return min((self.book.date_of(cloud) for cloud in clouds), default=self.book.date)

    def report(
        self,
        inputs: list[PlanInput],
        decided: list[_Decided],
        groups: list[Group],
        idle: Mapping[str, str],
    ) -> Report:
        """Put it all together."""
        plans = [
            _plan_info(
                given.plan,
                [remark for remark, plan in idle.items() if plan == given.plan.path],
                self.known.note,
            )
            for given in inputs
        ]
        measured = [one.answer for one in decided if not one.answer.group.assumed]
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
            totals=totals([a.spending for a in measured if a.spending], len(groups), recommended),
            coverage=_coverage(inputs, groups, sum(one.traced.leaves.ignored for one in decided)),
        )


def _plan_info(plan: Plan, idle: list[str], note: str | None) -> PlanInfo:
    return PlanInfo(
        path=plan.path,
        terraform_version=plan.terraform_version,
        complete=plan.complete,
        warnings=[*plan.warnings, *idle, *([note] if note else [])],
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
