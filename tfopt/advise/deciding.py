"""Decides every group of every plan: each alone, then those that share literals together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tfopt.advise.answer import Answer, analysed, not_analysed
from tfopt.advise.baseline import Baseline
from tfopt.advise.decide import Decision, Demands, decide
from tfopt.advise.inputs import PlanInput, Proposers, Request
from tfopt.advise.joint import Member, reconcile
from tfopt.advise.leaves import knobs_of, same_literal, trace_groups
from tfopt.advise.shared import LeafPlace, Traced, clusters, with_shared
from tfopt.advise.together import Together, notes, together
from tfopt.plan.model import InstanceGroup
from tfopt.pricing import PriceBook
from tfopt.scenario import Case, NotAnalysedError, build_case
from tfopt.scenario.commitments import committed
from tfopt.settings import Settings
from tfopt_policies.prove import Thresholds
from tfopt_sim.types import Configuration

MAX_WORKERS = 8
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Decided:
    """One group with its answer; `together` are the settings that it changes with others."""

    traced: Traced
    answer: Answer
    facts: date  # of the newest history or price used
    together: Mapping[str, Together] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Open:
    """One group that shares literals, as decided alone."""

    given: PlanInput
    traced: Traced
    case: Case
    decision: Decision


@dataclass(frozen=True, slots=True)
class Decider:
    """What stays the same over all plans of one call."""

    request: Request
    book: PriceBook
    known: Proposers
    baseline: Baseline | None = None

    def all(self, inputs: Sequence[PlanInput], progress: Progress) -> list[Decided]:
        """Decide every group, in the order of the plans."""
        givens = [given for given in inputs for _ in given.plan.groups]
        groups = with_shared([traced for given in inputs for traced in _traced(given)])
        # the simulator's kernels release the interpreter lock: groups are decided side by side
        with ThreadPoolExecutor(max_workers=min(MAX_WORKERS, os.cpu_count() or 1)) as pool:
            round_ = _Round(self, pool, progress, givens)
            round_.decide(dict(enumerate(groups)))
            round_.part()
            for members in round_.clusters():
                round_.reconcile(members)
        return [round_.done[i] for i in range(len(groups))]

    def first(self, given: PlanInput, traced: Traced) -> Decided | _Open:
        """Decide one group alone, or say why it cannot be decided."""
        request, settings, group = self.request, given.settings, traced.group
        shares = committed(given.plan.groups, settings, self.book)
        try:
            _check_spot_share(group, settings)
            case = build_case(
                group,
                settings,
                self.book,
                knobs=knobs_of(group, traced.leaves, settings.defaults),
                horizon_s=request.horizon_s,
                seed=request.seed,
                committed_usd_per_hour=shares.get(group.address, 0.0),
            )
        except NotAnalysedError as reason:
            return Decided(traced, not_analysed(group, str(reason)), self._priced(traced))
        last = None
        if self.baseline is not None:
            last = self.baseline.last_answer(traced.plan, group, case.problem)
        opened = _Open(given, traced, case, self.decision(case, last_answer=last))
        return opened if traced.shared else self.answered(opened)

    @property
    def thresholds(self) -> Thresholds:
        """What a change of a cluster has to achieve."""
        asked = self.request
        return Thresholds(asked.max_slo_risk, asked.min_savings_share, asked.min_savings_usd)

    def decision(
        self,
        case: Case,
        after: Decision | None = None,
        last_answer: Configuration | None = None,
    ) -> Decision:
        """Decide one case; `after` is the decision on the same group with more settings free."""
        request = self.request
        demands = Demands(request.min_savings_share, request.min_savings_usd, request.max_slo_risk)
        policies = self.known.for_knobs(case.problem.knobs)
        return decide(case, policies, demands, request.seed, after, last_answer)

    def answered(self, opened: _Open) -> Decided:
        """Put a decision into the shape of the report."""
        case, traced = opened.case, opened.traced
        answer = analysed(
            opened.given.plan, case, opened.decision, traced.leaves, self.request.max_slo_risk
        )
        priced = self._priced(traced)
        measured = priced if case.traffic.assumed else (case.start - timedelta(seconds=1)).date()
        return Decided(traced, answer, max(priced, measured))

    def _priced(self, traced: Traced) -> date:
        return date.fromisoformat(self.book.date_of(traced.group.cloud))


def _check_spot_share(group: InstanceGroup, settings: Settings) -> None:
    """Refuse to advise on a group that breaks a guardrail which no edit of ours mends.

    Raises:
        NotAnalysedError: more of it runs on spot than the settings allow.
    """
    most = settings.defaults.max_spot_share
    if group.spot_share > most:
        raise NotAnalysedError(
            f"{group.spot_share:.0%} of it run on spot, above max_spot_share = {most:g} of "
            f"{settings.name}: lower the share in its configuration, tfopt does not change it"
        )


def _traced(given: PlanInput) -> Iterator[Traced]:
    """Yield a plan's groups, their settings traced through the sources."""
    tracer = given.given.tracer()
    leaves = trace_groups(given.plan, tracer, given.given.no_sources)
    for group in given.plan.groups:
        yield Traced(given.plan.path, group, leaves[group.address], tracer)


class _Round:
    """All groups of one call: those that are decided, and those that wait for their partners."""

    def __init__(
        self, decider: Decider, pool: Executor, progress: Progress, givens: Sequence[PlanInput]
    ):
        self._decider = decider
        self._pool = pool
        self._progress = progress
        self._givens = givens
        self._open: dict[int, _Open] = {}
        self.done: dict[int, Decided] = {}

    def decide(self, groups: Mapping[int, Traced]) -> None:
        """Decide groups alone; those that share literals stay open."""
        decided = self._pool.map(lambda i: self._decider.first(self._givens[i], groups[i]), groups)
        for i, one in zip(groups, decided, strict=True):
            if isinstance(one, Decided):
                self._close(i, one)
            else:
                self._open[i] = one

    def part(self) -> None:
        """Decide again, each with its share held, what shares with a group nobody can decide for.

        No edit may move a group that is not analysed, or whose traffic is assumed.
        """
        unfit = dict(self._unfit())
        again: dict[int, Traced] = {}
        for i, opened in self._open.items():
            reasons = {
                name: _unfit_reason(name, opened.traced, unfit[place])
                for name, place in opened.traced.shared.items()
                if place in unfit
            }
            if reasons:
                again[i] = opened.traced.refusing(reasons)
        for i in again:
            del self._open[i]
        self.decide(again)

    def _unfit(self) -> Iterator[tuple[LeafPlace, tuple[Traced, str]]]:
        """Yield the shared literals that must stay, with whose they are and why."""
        for decided in self.done.values():
            for place in decided.traced.shared.values():
                yield place, (decided.traced, "which is not analysed")
        for opened in self._open.values():
            if opened.case.traffic.assumed and not self._decider.request.accept_assumptions:
                for place in opened.traced.shared.values():
                    yield place, (opened.traced, "whose traffic is assumed")

    def clusters(self) -> list[list[int]]:
        """Return the open groups that hang together."""
        waiting = sorted(self._open)
        return [
            [waiting[i] for i in members]
            for members in clusters([self._open[i].traced for i in waiting])
        ]

    def reconcile(self, positions: Sequence[int]) -> None:
        """Decide a cluster together."""
        opened = [self._open.pop(i) for i in positions]
        members = [Member(one.traced, one.case, one.decision) for one in opened]
        agreed = reconcile(members, self._again, self._decider.thresholds)
        parts = zip(opened, agreed.cases, agreed.decisions, agreed.held, strict=True)
        final = [
            replace(one, traced=one.traced.refusing(held), case=case, decision=decision)
            for one, case, decision, held in parts
        ]
        # advice that no edit can carry out is whole: decided anew, with everything free
        alone = {
            i: replace(one.traced, shared={})
            for i, one in zip(positions, final, strict=True)
            if not one.traced.leaves.any_patchable
        }
        answers = self._pool.map(self._decider.answered, final)
        for i, one, sharing in zip(positions, answers, together(final), strict=True):
            if i not in alone:
                self._close(i, _with_notes(replace(one, together=sharing)))
        self.decide(alone)

    def _again(self, cases: Sequence[Case], after: Sequence[Decision]) -> list[Decision]:
        return list(self._pool.map(self._decider.decision, cases, after))

    def _close(self, i: int, one: Decided) -> None:
        self.done[i] = one
        self._progress(len(self.done), len(self._givens), one.traced.group.address)


def _unfit_reason(attribute: str, traced: Traced, unfit: tuple[Traced, str]) -> str:
    other, why = unfit
    if other.id == traced.id:
        return "the literal sizes other groups too, and traffic is assumed here"
    return f"{same_literal(attribute, other.name_beside(traced))}, {why}"


def _with_notes(one: Decided) -> Decided:
    said = [*one.answer.group.notes, *notes(one.together, one.traced)]
    group = one.answer.group.model_copy(update={"notes": said})
    return replace(one, answer=replace(one.answer, group=group))
