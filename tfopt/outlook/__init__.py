"""What the present settings would cost and serve: over the forecast, or under a given demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

import tfopt
from tfopt.errors import TfoptError
from tfopt.outlook.answer import forecast_group, monthly_usd, not_analysed, replayed_group
from tfopt.outlook.by_request import check_possible, run_by_request
from tfopt.outlook.figures import interval
from tfopt.outlook.given import Given, read_given
from tfopt.outlook.scenarios import Subject, look
from tfopt.plan.model import InstanceGroup, Plan
from tfopt.plan.read import read_plan
from tfopt.pricing import PriceBook, load_book
from tfopt.recommendation import PlanInfo, SkippedResource
from tfopt.scenario import NotAnalysedError, Present, build_case, present_of
from tfopt.scenario.commitments import committed
from tfopt.settings import Settings, settings_for
from tfopt.simulation import Coverage, Group, Simulation, Tool, Totals
from tfopt_policies.policy import Knobs
from tfopt_sim.autoscaling.predictive import hourly_rps
from tfopt_sim.risk import Caution
from tfopt_sim.types import FloatArray

__all__ = ["Request", "simulate_plan"]

MAX_WORKERS = 8
Progress = Callable[[int, int, str], None]  # steps done, steps in all, what is being done
# the settings stay as they are: no other type is weighed
_NOTHING_FREE = Knobs(instance_type=False, min_size=False, max_size=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    plan: str
    workloads: Path | None = None
    config_dir: Path | None = None
    groups: tuple[str, ...] = ()  # addresses; empty: all
    horizon_s: int = 7 * 86_400
    scenarios: int = 200
    seed: int = 0
    replay: Path | None = None
    column: str | None = None
    requests: bool = False  # also request by request


@dataclass(frozen=True, slots=True)
class _Answered:
    """One group, and its monthly cost per scenario where that counts in the totals."""

    group: Group
    monthly_usd: FloatArray | None = None


def simulate_plan(request: Request, progress: Progress) -> Simulation:
    """Simulate the groups of a plan as they are.

    Raises:
        TfoptError: an input cannot be used, a group is not in the plan, or a replay does not say
            which group it is for.
    """
    given = read_given(request.replay, request.column) if request.replay else None
    plan = read_plan(request.plan, request.config_dir)
    settings = settings_for(request.plan, request.workloads, request.config_dir)
    groups, book = _chosen(plan, request.groups), load_book()
    with ThreadPoolExecutor(max_workers=min(MAX_WORKERS, os.cpu_count() or 1)) as pool:
        shares = committed(plan.groups, settings, book)
        run = _Run(request, settings, book, pool, shares)
        answered = run.replayed(groups, given) if given else run.ahead(groups, progress)
    return run.report(plan, answered, given)


def _chosen(plan: Plan, addresses: Sequence[str]) -> list[InstanceGroup]:
    """Return the groups that the user named, in the plan's order; all of them where none is.

    Raises:
        TfoptError: one is not in the plan.
    """
    known = [group.address for group in plan.groups]
    for address in addresses:
        if address not in known:
            skipped = next((s.reason for s in plan.skipped if s.address == address), None)
            nearest = get_close_matches(address, known, n=1, cutoff=0)
            hint = f"The nearest is {nearest[0]}" if nearest else None
            raise TfoptError(
                f"no instance group {address}" if skipped is None else f"{address}: {skipped}",
                where=plan.shown_path,
                hint=hint if skipped is None else None,
            )
    return [group for group in plan.groups if not addresses or group.address in addresses]


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same over all groups of one call."""

    request: Request
    settings: Settings
    book: PriceBook
    pool: Executor
    committed: Mapping[str, float]  # of each group, by address

    def ahead(self, groups: Sequence[InstanceGroup], progress: Progress) -> list[_Answered]:
        """Simulate groups over their forecast."""
        steps = self.request.scenarios
        return [
            self._ahead(group, i * steps, len(groups) * steps, progress)
            for i, group in enumerate(groups)
        ]

    def _ahead(self, group: InstanceGroup, done: int, total: int, progress: Progress) -> _Answered:
        request = self.request
        progress(done, total, group.address)
        try:
            case = build_case(
                group,
                self.settings,
                self.book,
                knobs=_NOTHING_FREE,
                horizon_s=request.horizon_s,
                seed=request.seed,
                held_back=request.scenarios,
                caution=Caution(),
                committed_usd_per_hour=self.committed.get(group.address, 0.0),
            )
        except NotAnalysedError as reason:
            return _Answered(not_analysed(group, str(reason)))
        problem = case.problem
        subject = Subject(
            problem.present,
            problem.workload,
            problem.slo,
            case.start,
            request.seed,
            hourly_rps(case.held_back_rps, case.start),
        )
        ticks = iter(range(done + 1, total + 1))
        looked = look(
            subject,
            case.held_back_rps,
            self.pool,
            lambda: progress(next(ticks), total, group.address),
        )
        counted = None if case.traffic.assumed else monthly_usd(looked)
        return _Answered(forecast_group(case, subject, looked), counted)

    def replayed(self, groups: Sequence[InstanceGroup], given: Given) -> list[_Answered]:
        """Run one demand through groups.

        Raises:
            TfoptError: several could run it, and the user did not say which.
        """
        ready = [self._present(group) for group in groups]
        able = [one for one in ready if isinstance(one, Present)]
        if len(able) > 1 and not self.request.groups:
            names = ", ".join(one.group.address for one in able)
            raise TfoptError(
                f"one demand, but {len(able)} groups: {names}",
                where=self.request.plan,
                hint="Say which with --group ADDRESS",
            )
        return [
            _Answered(one) if isinstance(one, Group) else self._replayed(one, given)
            for one in ready
        ]

    def _present(self, group: InstanceGroup) -> Present | Group:
        try:
            return present_of(group, self.settings, self.book)
        except NotAnalysedError as reason:
            return not_analysed(group, str(reason))

    def _replayed(self, present: Present, given: Given) -> _Answered:
        subject = Subject(
            present.configuration,
            present.workload,
            present.slo,
            given.start,
            self.request.seed,
        )
        address = present.group.address
        if self.request.requests:
            check_possible(subject, address, given.rps)
        looked = look(subject, given.rps[None], self.pool, lambda: None)
        checked = run_by_request(subject, looked.paths[0]) if self.request.requests else None
        return _Answered(replayed_group(present, subject, given, looked, checked))

    def report(self, plan: Plan, answered: Sequence[_Answered], given: Given | None) -> Simulation:
        """Put it all together."""
        groups = [one.group for one in answered]
        held = {one.group.address for one in answered if one.monthly_usd is not None}
        inside = {group.address for group in plan.groups if group.carried_by in held}
        costs = [
            one.monthly_usd
            for one in answered
            if one.monthly_usd is not None and one.group.address not in inside
        ]
        clouds = {group.cloud for group in plan.groups}
        request = self.request
        return Simulation(
            tool=Tool(
                version=tfopt.__version__,
                price_date=min(map(self.book.date_of, clouds), default=self.book.date),
                price_attribution=self.book.attribution,
            ),
            plan=PlanInfo(
                path=plan.path,
                terraform_version=plan.terraform_version,
                complete=plan.complete,
                warnings=list(plan.warnings),
            ),
            mode="replay" if given else "forecast",
            horizon_s=60 * given.rps.size if given else request.horizon_s,
            scenarios=1 if given else request.scenarios,
            seed=request.seed,
            groups=groups,
            totals=Totals(
                groups=len(costs),
                monthly_usd=interval(np.sum(costs, axis=0)) if costs else None,
            ),
            coverage=_coverage(plan, groups, whole=not request.groups),
        )


def _coverage(plan: Plan, groups: Sequence[Group], *, whole: bool) -> Coverage:
    """Return what was left out; what the user did not name is not listed."""
    skipped = [
        SkippedResource(address=item.address, plan=plan.path, kind=item.kind, reason=item.reason)
        for item in (plan.skipped if whole else ())
    ]
    skipped += [
        SkippedResource(address=one.address, plan=plan.path, kind=one.kind, reason=one.reason)
        for one in groups
        if one.status == "not-analysed"
    ]
    return Coverage(analysed=sum(one.status == "simulated" for one in groups), skipped=skipped)
