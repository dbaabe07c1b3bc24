"""The lines on which the proof looks far from a winner."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from policy_problems import SMALL, make_problem

from tfopt_policies.expressible import express
from tfopt_policies.lines import Line, lines
from tfopt_policies.prove import prove
from tfopt_policies.steps import aim_of
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, TargetTracking

WEEK_S = 7 * 86_400
HOT = Configuration(SMALL, 30, 60, 30, (TargetTracking(0.7),))


def listed(line: Line) -> list[Configuration]:
    """Return every configuration of a line."""
    return [line.at(level) for level in range(line.length)]


def test_each_line_goes_from_cheap_to_dear_in_what_can_be_said() -> None:
    """On every line each costs as much as the one before it, two per cent aside: floors merge."""
    problem = make_problem(present=HOT, machines=(SMALL,))
    week = problem.model.sample(np.random.default_rng(3), 1, WEEK_S, 60)
    found = [listed(line) for line in lines(problem, HOT)]
    assert {aim_of(line[0]) for line in found} >= {0.15, 0.5, 0.85}
    assert any(line[0].schedules for line in found)
    for line in found[::4]:
        assert [express(problem, one) for one in line] == line
        outcome = simulate(line, week, problem.workload, problem.slo, problem.model.start)
        costs = outcome.cost_usd[:, 0]
        assert all(after >= 0.98 * before for before, after in pairwise(costs))


def test_no_line_moves_what_is_not_free() -> None:
    """A minimum that others share is not undercut by floors; a group without an aim has no line."""
    problem = make_problem(present=HOT, machines=(SMALL,))
    pinned = replace(problem, knobs=replace(problem.knobs, min_size=False))
    found = [one for line in lines(pinned, HOT) for one in listed(line)]
    assert not any(one.schedules for one in found)
    assert {one.min_size for one in found} == {30}
    fixed = replace(problem, knobs=replace(problem.knobs, target_cpu=False))
    assert list(lines(fixed, HOT)) == []
    assert list(lines(problem, replace(HOT, scaling=()))) == []


def test_proof_reaches_what_no_single_step_leads_to() -> None:
    """A tenth of the minimum under a much lower aim: what lies between holds no better."""
    problem = make_problem(present=HOT, machines=(SMALL,))
    futures = problem.model.sample(np.random.default_rng(2), 24, WEEK_S, 60)
    verdict = prove(problem, {"one": [HOT]}, futures)
    assert verdict.chosen.min_size < 15
    assert verdict.saving.share > 0.3
