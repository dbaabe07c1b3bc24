"""What the present configuration has no place for: a block to add, with its simulated gain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tfopt.advise.figures import interval, savings
from tfopt.recommendation import ReadyToAdd
from tfopt.scenario.scaling import is_held
from tfopt_policies.calibrated import CalibratedTracking
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, TargetTracking

if TYPE_CHECKING:
    from tfopt.scenario import Case
    from tfopt_policies.prove import Verdict

WORTH_SHARE = 0.05  # of the cost: less is not worth a new block
SCENARIOS = 32
_START_TARGET = 0.5  # where the search for a target starts
_BLOCK = """\
# with min_size = {low} and max_size = {high} on {type}, and no desired_capacity
resource "aws_autoscaling_policy" "{name}_cpu" {{
  name                   = "{name}-cpu"
  autoscaling_group_name = aws_autoscaling_group.{name}.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {{
    target_value = {target:g}

    predefined_metric_specification {{
      predefined_metric_type = "ASGAverageCPUUtilization"
    }}
  }}
}}
"""


def ready_to_add(case: Case, verdict: Verdict, max_risk: float) -> list[ReadyToAdd]:
    """Return a target-tracking policy for an unscaled Auto Scaling group, where it would pay."""
    group = case.group
    if group.kind != "aws_autoscaling_group" or not is_held(group):
        return []
    best = _best_tracking(case, verdict, max_risk)
    if best is None:
        return []
    configuration, share = best
    assert configuration.tracking is not None
    block = _BLOCK.format(
        name=group.address.rpartition(".")[2].partition("[")[0],
        low=configuration.min_size,
        high=configuration.max_size,
        type=configuration.machine.name,
        target=round(100 * configuration.tracking.target, 1),
    )
    what = "target-tracking policy on CPU"
    return [ReadyToAdd(what=what, block=block, savings_share=interval(share))]


def _best_tracking(
    case: Case, verdict: Verdict, max_risk: float
) -> tuple[Configuration, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] | None:
    """Return the cheapest tracking that holds the SLO, and what it saves on top of the advice."""
    problem, chosen = case.problem, verdict.chosen
    tracking = TargetTracking(
        _START_TARGET, metric_period_s=60 if case.group.detailed_monitoring else 300
    )
    knobs = replace(
        problem.knobs,
        instance_type=False,
        min_size=True,
        max_size=True,
        desired_capacity=False,
        target_cpu=True,
        fixed_desired=None,
    )
    tracked = replace(chosen, scaling=(tracking,))
    scaled = replace(problem, present=tracked, knobs=knobs, pinned=None)
    proposals = CalibratedTracking().propose(scaled, np.random.default_rng(0))
    rps = case.held_back_rps[:SCENARIOS]
    outcome = simulate([chosen, *proposals], rps, problem.workload, problem.slo, case.start)
    risks = (outcome.bad_minute_share > problem.slo.max_bad_minutes).mean(axis=1)
    holding = [i for i in range(1, len(proposals) + 1) if risks[i] <= max_risk]
    if not holding:
        return None
    best = min(holding, key=lambda i: float(outcome.cost_usd[i].mean()))
    share = savings(outcome.cost_usd[0], outcome.cost_usd[best])
    return (proposals[best - 1], share) if share.mean() >= WORTH_SHARE else None
