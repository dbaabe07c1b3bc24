"""What a policy was trained on, and what lies outside of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_problems import demand, make_problem

from tfopt.advise.drift import within
from tfopt.resources import data_dir
from tfopt_policies.calibrated import CalibratedTracking
from tfopt_policies.domain import domain, strange
from tfopt_policies.observe import CONTEXT, context_of, observe
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Problem
from tfopt_policies.registry import DEFAULT, load


@pytest.fixture(scope="module")
def planner() -> Planner:
    policy = load(DEFAULT, data_dir("trained"))
    assert isinstance(policy, Planner)
    return policy


@given(st.integers(0, 1000))
def test_what_was_trained_on_lies_within(seed: int) -> None:
    """Nearly every training episode passes; one moved by ranges does not, and is told by name."""
    rng = np.random.default_rng(seed)
    contexts = rng.normal(0, 1, (400, 3)) @ rng.normal(0, 1, (3, 3))
    stated = domain(["a", "b", "c"], contexts)
    assert sum(strange(stated, row) is not None for row in contexts) <= 4
    moved = contexts.mean(axis=0)
    moved[1] += 3 * np.ptp(contexts[:, 1])
    found = strange(stated, moved)
    assert found is not None
    assert found.feature == "b"


def test_the_facts_of_a_group_need_no_candidates(problem: Problem) -> None:
    """What the gate looks at is what the network sees."""
    assert context_of(problem).shape == (len(CONTEXT),)
    np.testing.assert_array_equal(context_of(problem), observe(problem, [problem.present]).context)


def test_an_ordinary_group_is_the_planners_to_decide(planner: Planner, problem: Problem) -> None:
    """Nobody steps back from a diurnal week."""
    kept, remark = within([CalibratedTracking(), planner], problem)
    assert kept[-1] is planner
    assert remark is None


def test_boots_of_hours_and_absurd_demand_are_not(planner: Planner, problem: Problem) -> None:
    """The baselines stay, and the remark says what is strange, in words and numbers."""
    slow = replace(problem, workload=replace(problem.workload, boot_s=4 * 3600))
    kept, remark = within([CalibratedTracking(), planner], slow)
    assert [policy.name for policy in kept] == ["calibrated-tracking"]
    assert remark is not None
    assert "boot: 240 min; trained on" in remark
    assert "calibrated baselines decide" in remark
    spiky = demand()
    rps = spiky.rps.copy()
    rps[::997] *= 1000
    _, remark = within([planner], make_problem(history=replace(spiky, rps=rps)))
    assert remark is not None
