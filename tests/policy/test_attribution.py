"""What moved the planner: parts that sum to the whole, and facts that cover every feature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfopt.resources import data_dir
from tfopt_policies.attribution import integrated_gradients
from tfopt_policies.candidates import candidates
from tfopt_policies.comparison import FACTS, weigh
from tfopt_policies.network import Network
from tfopt_policies.observe import ACTION
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Problem
from tfopt_policies.registry import DEFAULT, load


def network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    sizes = [(5, 8), (8, 6), (6, 2)]
    layers = tuple(
        (rng.normal(0, 0.7, size).astype(np.float32), rng.normal(0, 1, size[1]).astype(np.float32))
        for size in sizes
    )
    return Network(np.zeros(5, np.float32), np.ones(5, np.float32) * 2, layers)


@given(st.integers(0, 500), st.integers(0, 1))
def test_the_parts_sum_to_the_difference(seed: int, output: int) -> None:
    """Completeness; an input that does not change has no part in it."""
    rng, net = np.random.default_rng(seed), network(seed)
    start, end = rng.normal(0, 2, (2, 5))
    end[3] = start[3]
    parts = integrated_gradients(net, start, end, output)
    whole = net(end[None])[0, output] - net(start[None])[0, output]
    assert parts.sum() == pytest.approx(whole, abs=0.02 * (1 + abs(whole)))
    assert parts[3] == 0


def test_every_feature_belongs_to_one_fact() -> None:
    """None is forgotten, none counted twice."""
    named = [name for names in FACTS.values() for name in names]
    assert sorted(named) == sorted(ACTION)


def test_the_planner_prefers_what_it_chose(problem: Problem) -> None:
    """Its choice beats the present settings by as much as the facts say."""
    planner = load(DEFAULT, data_dir("trained"))
    assert isinstance(planner, Planner)
    wanted = candidates(problem)
    chosen = planner.view(problem, wanted)
    best = wanted[int(np.argmax(chosen.scores[0]))]
    weighed = weigh(planner, problem, best, problem.present)
    assert weighed.preference > 0
    assert sum(weighed.parts.values()) == pytest.approx(weighed.preference, rel=0.05, abs=0.05)
