"""Decides one group: proposals, the proof, and why other types lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tfopt.advise.drift import within
from tfopt.advise.wording import why_not
from tfopt.recommendation import Alternative
from tfopt_policies.expressible import express, on_machine
from tfopt_policies.prove import Verdict, prove
from tfopt_sim.cost import HOURS_PER_MONTH
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, FloatArray, Machine

if TYPE_CHECKING:
    from tfopt.scenario import Case
    from tfopt_policies.comparison import Weighed
    from tfopt_policies.policy import Policy

SHOWN_ALTERNATIVES = 3
OTHER_TYPES = "other-types"
GLANCE_SCENARIOS, COMPARED_SCENARIOS = 2, 32  # for all types; for those that will be shown


@dataclass(frozen=True, slots=True)
class Demands:
    """What a change has to achieve before it is recommended."""

    min_savings_share: float
    min_savings_usd: float
    max_slo_risk: float


@dataclass(frozen=True, slots=True)
class Rival:
    """Settings on another type, on some of the held-back scenarios."""

    configuration: Configuration
    monthly_usd: float
    risk: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What was proven, and the types that came nearest to it."""

    verdict: Verdict
    rivals: list[Rival]
    remark: str | None = None  # why a trained policy was not asked
    weighed: Weighed | None = None  # the planner's preference for what was chosen


def decide(
    case: Case,
    policies: Sequence[Policy],
    demands: Demands,
    seed: int,
    after: Decision | None = None,
    last_answer: Configuration | None = None,
) -> Decision:
    """Let every policy propose on what is known, then prove on scenarios none of them has seen.

    The proposers look closely at a few types; the others are reached by carrying the best over. One
    that turns out cheaper joins the proof, so that no alternative shown beats the recommendation
    unproven. What was run for a decision on the same group `after` which this one comes, with more
    settings free, is not run again. The `last_answer` is kept where another is hardly cheaper.
    """
    asked, remark = within(policies, case.problem)
    proposals = {
        policy.name: policy.propose(case.problem, np.random.default_rng(seed)) for policy in asked
    }
    proven = partial(
        prove,
        case.problem,
        held_back_rps=case.held_back_rps,
        max_slo_risk=demands.max_slo_risk,
        min_savings_share=demands.min_savings_share,
        min_savings_usd_per_month=demands.min_savings_usd,
        seed=seed,
        after=None if after is None else after.verdict,
        last_answer=last_answer,
    )
    verdict = proven(proposals)
    rivals = _same_chip(case, verdict, demands.max_slo_risk)
    cheaper = _overlooked(verdict, rivals, demands.max_slo_risk)
    if cheaper:
        verdict = proven({**proposals, OTHER_TYPES: cheaper})
        rivals = _same_chip(case, verdict, demands.max_slo_risk)
    return Decision(verdict, rivals, remark, _weighed(case, asked, verdict))


def _weighed(case: Case, asked: Sequence[Policy], verdict: Verdict) -> Weighed | None:
    """Return how the planner, if it was asked, weighs the chosen settings against the present."""
    from tfopt_policies.comparison import weigh
    from tfopt_policies.planner import Planner

    planner = next((policy for policy in asked if isinstance(policy, Planner)), None)
    if planner is None or not verdict.changed:
        return None
    return weigh(planner, case.problem, verdict.chosen, case.problem.present)


def _overlooked(verdict: Verdict, rivals: Sequence[Rival], max_risk: float) -> list[Configuration]:
    """Return what is cheaper than the chosen settings, holds the SLO, and was not in the proof."""
    usd = _monthly(verdict.chosen_outcome.usd_per_hour[0])
    known = {trial.configuration for trial in verdict.tried}
    return [
        rival.configuration
        for rival in rivals
        if rival.monthly_usd < usd and rival.risk <= max_risk and rival.configuration not in known
    ]


def _same_chip(case: Case, verdict: Verdict, max_risk: float) -> list[Rival]:
    machines = [m for m in case.problem.machines if m != verdict.chosen.machine]
    return _rivals(case, verdict, machines, max_risk)


def alternatives(case: Case, decision: Decision, max_risk: float) -> list[Alternative]:
    """Return the next best three types and why they lost, then cheaper ones on other chips."""
    verdict = decision.verdict
    present_usd = _monthly(verdict.present_outcome.usd_per_hour[0])
    chosen_usd = _monthly(verdict.chosen_outcome.usd_per_hour[0])
    others = _rivals(case, verdict, case.other_architectures, max_risk)
    found = [
        _alternative(
            rival, why_not(rival.monthly_usd - chosen_usd, rival.risk, max_risk), present_usd
        )
        for rival in decision.rivals
    ]
    for rival in others:
        if rival.monthly_usd < chosen_usd and rival.risk <= max_risk:
            chip = rival.configuration.machine.architecture
            needs = f"needs a machine image for {chip}; allow it with architectures"
            found.append(_alternative(rival, needs, present_usd))
    return found


def _alternative(rival: Rival, why: str, present_usd: float) -> Alternative:
    saved = 1 - rival.monthly_usd / present_usd if present_usd > 0 else 0.0
    return Alternative(
        instance_type=rival.configuration.machine.name,
        why_not=why,
        monthly_usd=round(rival.monthly_usd, 2),
        savings_share=round(saved, 4),
        risk=round(rival.risk, 4),
    )


def _monthly(usd_per_hour: FloatArray) -> float:
    return float(np.mean(usd_per_hour)) * HOURS_PER_MONTH


def _rivals(
    case: Case, verdict: Verdict, machines: Sequence[Machine], max_risk: float
) -> list[Rival]:
    """Return the most promising machines, those that hold the SLO first, then by cost.

    Each at the sizes it met the SLO with in the proof, or at the chosen sizes carried over. All are
    glanced at; those that will be shown are looked at properly.
    """
    chosen = verdict.chosen
    entries = [
        configuration
        for machine in machines
        for configuration in (_carried(case, chosen, machine), _own(verdict, machine))
        if configuration is not None
    ]
    likely = _best_each(_measured(case, entries, GLANCE_SCENARIOS, max_risk))[:SHOWN_ALTERNATIVES]
    return _measured(case, [rival.configuration for rival in likely], COMPARED_SCENARIOS, max_risk)


def _best_each(rivals: Sequence[Rival]) -> list[Rival]:
    """Return the first of each machine."""
    best: dict[Machine, Rival] = {}
    for rival in rivals:
        best.setdefault(rival.configuration.machine, rival)
    return list(best.values())


def _measured(
    case: Case, configurations: Sequence[Configuration], scenarios: int, max_risk: float
) -> list[Rival]:
    """Return what each configuration costs and risks on held-back scenarios, best first."""
    if not configurations:
        return []
    problem = case.problem
    rps: FloatArray = case.held_back_rps[:scenarios]
    outcome = simulate(
        configurations,
        rps,
        problem.workload,
        problem.slo,
        case.start,
        forecast_rps=case.forecast_rps,
    )
    missed = outcome.bad_minute_share > problem.slo.max_bad_minutes
    rivals = [
        Rival(configuration, _monthly(outcome.usd_per_hour[i]), float(missed[i].mean()))
        for i, configuration in enumerate(configurations)
    ]
    return sorted(rivals, key=lambda rival: _order(rival, max_risk))


def _order(rival: Rival, max_risk: float) -> tuple[bool, float]:
    fails = rival.risk > max_risk
    return fails, rival.risk if fails else rival.monthly_usd


def _carried(case: Case, chosen: Configuration, machine: Machine) -> Configuration:
    """Return the chosen sizes carried over to another machine at equal capacity."""
    ratio = chosen.machine.vcpus * chosen.machine.speed / (machine.vcpus * machine.speed)

    def carried(size: int) -> int:
        return max(1, round(size * ratio)) if size else 0

    wanted = replace(
        chosen,
        min_size=carried(chosen.min_size),
        max_size=carried(chosen.max_size),
        desired_capacity=carried(chosen.desired_capacity),
    )
    return on_machine(case.problem, express(case.problem, wanted), machine)


def _own(verdict: Verdict, machine: Machine) -> Configuration | None:
    """Return the cheapest configuration on this machine that met the SLO in the proof."""
    tried = (trial.configuration for trial in verdict.tried if trial.meets_slo)
    return next(
        (configuration for configuration in tried if configuration.machine == machine), None
    )
