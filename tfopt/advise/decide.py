"""Decides one group: proposals, the proof, and why other types lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tfopt.advise.wording import why_not
from tfopt.recommendation import Alternative
from tfopt_policies.prove import Verdict, prove
from tfopt_sim.cost import HOURS_PER_MONTH
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, FloatArray, Machine, Outcome

if TYPE_CHECKING:
    from tfopt.scenario import Case
    from tfopt_policies.policy import Policy

SHOWN_ALTERNATIVES = 3
COMPARED_SCENARIOS = 32


@dataclass(frozen=True, slots=True)
class Demands:
    """What a change has to achieve before it is recommended."""

    min_savings_share: float
    min_savings_usd: float
    max_slo_risk: float


def decide(case: Case, policies: Sequence[Policy], demands: Demands, seed: int) -> Verdict:
    """Let every policy propose on what is known, then prove on scenarios none of them has seen."""
    proposals = {
        policy.name: policy.propose(case.problem, np.random.default_rng(seed))
        for policy in policies
    }
    return prove(
        case.problem,
        proposals,
        case.held_back_rps,
        max_slo_risk=demands.max_slo_risk,
        min_savings_share=demands.min_savings_share,
        min_savings_usd_per_month=demands.min_savings_usd,
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class _Rival:
    machine: Machine
    monthly_usd: float
    risk: float


def alternatives(case: Case, verdict: Verdict, max_risk: float) -> list[Alternative]:
    """Return the next best three types and why they lost, then cheaper ones on other chips."""
    chosen = verdict.chosen
    present_usd = _monthly(verdict.present_outcome.usd_per_hour[0])
    chosen_usd = _monthly(verdict.chosen_outcome.usd_per_hour[0])
    same = [m for m in case.problem.machines if m != chosen.machine]
    rivals = _rivals(case, verdict, same, max_risk)[:SHOWN_ALTERNATIVES]
    others = _rivals(case, verdict, case.other_architectures, max_risk)
    found = [
        Alternative(
            instance_type=rival.machine.name,
            why_not=why_not(rival.monthly_usd - chosen_usd, rival.risk, max_risk),
            monthly_usd=round(rival.monthly_usd, 2),
            savings_share=_share(present_usd, rival.monthly_usd),
            risk=round(rival.risk, 4),
        )
        for rival in rivals
    ]
    for rival in others:
        if rival.monthly_usd < chosen_usd and rival.risk <= max_risk:
            chip = rival.machine.architecture
            found.append(
                Alternative(
                    instance_type=rival.machine.name,
                    why_not=f"needs a machine image for {chip}; allow it with architectures",
                    monthly_usd=round(rival.monthly_usd, 2),
                    savings_share=_share(present_usd, rival.monthly_usd),
                    risk=round(rival.risk, 4),
                )
            )
    return found


def _monthly(usd_per_hour: FloatArray) -> float:
    return float(np.mean(usd_per_hour)) * HOURS_PER_MONTH


def _share(present_usd: float, usd: float) -> float:
    return round(1 - usd / present_usd, 4) if present_usd > 0 else 0.0


def _rivals(
    case: Case, verdict: Verdict, machines: Sequence[Machine], max_risk: float
) -> list[_Rival]:
    """Return each machine at its best known sizes; those that hold the SLO first, then by cost."""
    entries = [c for machine in machines for c in _entries(verdict, machine)]
    if not entries:
        return []
    problem = case.problem
    rps: FloatArray = case.held_back_rps[:COMPARED_SCENARIOS]
    outcome = simulate(entries, rps, problem.workload, problem.slo, case.start)
    best: dict[Machine, _Rival] = {}
    for index, configuration in enumerate(entries):
        rival = _measured(configuration, outcome, index, problem.slo.max_bad_minutes)
        known = best.get(rival.machine)
        if known is None or _order(rival, max_risk) < _order(known, max_risk):
            best[rival.machine] = rival
    return sorted(best.values(), key=lambda rival: _order(rival, max_risk))


def _measured(configuration: Configuration, outcome: Outcome, index: int, max_bad: float) -> _Rival:
    return _Rival(
        machine=configuration.machine,
        monthly_usd=_monthly(outcome.usd_per_hour[index]),
        risk=float(np.mean(outcome.bad_minute_share[index] > max_bad)),
    )


def _order(rival: _Rival, max_risk: float) -> tuple[bool, float]:
    fails = rival.risk > max_risk
    return fails, rival.risk if fails else rival.monthly_usd


def _entries(verdict: Verdict, machine: Machine) -> list[Configuration]:
    """Return the chosen sizes carried over to `machine`, and its own best that met the SLO."""
    chosen = verdict.chosen
    ratio = chosen.machine.vcpus * chosen.machine.speed / (machine.vcpus * machine.speed)
    carried = replace(
        chosen,
        machine=machine,
        min_size=_carried(chosen.min_size, ratio),
        max_size=_carried(chosen.max_size, ratio),
        desired_capacity=_carried(chosen.desired_capacity, ratio),
    )
    own = next(
        (
            t.configuration
            for t in verdict.tried
            if t.configuration.machine == machine and t.meets_slo
        ),
        None,
    )
    return [carried] if own is None else [carried, own]


def _carried(size: int, ratio: float) -> int:
    return max(1, round(size * ratio)) if size else 0
