"""The statistics of the evaluation, against their definitions and known values."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tfopt_policies.statistics import (
    bootstrapped,
    conditional_value_at_risk,
    holm,
    interquartile_mean,
    matched_log_cost,
    performance_profile,
    probability_of_improvement,
    sign_flip_p,
)

COSTS = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(0, 9)
)


@given(COSTS)
def test_the_interquartile_mean_is_that_of_the_middle_half(scores: np.ndarray) -> None:
    """Repeating every score four times makes quarters whole: then it is a plain trimmed mean."""
    flat = np.sort(np.repeat(scores.ravel(), 4))
    quarter = scores.size
    assert interquartile_mean(scores) == pytest.approx(flat[quarter : 3 * quarter].mean())


def test_an_interval_narrows_with_more_runs_and_holds_the_value() -> None:
    """Of twenty runs it is narrower than of three."""
    rng = np.random.default_rng(0)
    few, many = rng.normal(1, 0.1, (3, 8)), rng.normal(1, 0.1, (20, 8))
    narrow, wide = (bootstrapped(table, interquartile_mean) for table in (many, few))
    assert narrow.low <= narrow.value <= narrow.high
    assert narrow.high - narrow.low < wide.high - wide.low


@given(COSTS)
def test_nobody_improves_on_themselves(scores: np.ndarray) -> None:
    """P(improvement) over oneself is a half, and both ways sum to one."""
    assert probability_of_improvement(scores, scores) == pytest.approx(0.5)
    better = scores - 1
    assert probability_of_improvement(better, scores) + probability_of_improvement(
        scores, better
    ) == pytest.approx(1.0)


@given(COSTS, st.floats(0.01, 1.0))
def test_the_tail_mean_lies_between_mean_and_maximum(scores: np.ndarray, share: float) -> None:
    """CVaR of everything is the mean; of a little it nears the maximum."""
    tail = conditional_value_at_risk(scores, share)
    assert scores.mean() - 1e-9 <= tail <= scores.max() + 1e-9
    assert conditional_value_at_risk(scores, 1.0) == pytest.approx(scores.mean())


def test_a_profile_counts() -> None:
    """The share at or below each level."""
    assert performance_profile(np.array([[1.0, 2.0, 2.0, 5.0]]), np.array([0, 2, 9])).tolist() == [
        0.0, 0.75, 1.0,
    ]  # fmt: skip


def test_flipped_signs_by_hand() -> None:
    """All eight patterns of three pairs."""
    values = np.array([1.0, 2.0, -0.5])
    means = [
        abs(sum(s * v for s, v in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=3)
    ]
    assert sign_flip_p(values) == pytest.approx(np.mean([m >= 2.5 for m in means]))
    assert sign_flip_p(np.full(20, 0.3)) < 0.01


def test_holm_by_hand() -> None:
    """The textbook's steps, monotone and never above one."""
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.9})
    assert found == pytest.approx({"a": 0.04, "b": 0.09, "c": 0.09, "d": 0.9})


def test_cost_is_read_off_the_cheapest_way_up_the_dial() -> None:
    """A dear position that holds less is no part of it; beyond the last there is nothing."""
    held, cost = [0.6, 0.8, 0.7, 1.0], [1.0, 2.0, 3.0, 4.0]
    assert matched_log_cost(held, cost, 0.9) == pytest.approx(3.0)
    assert matched_log_cost(held, cost, 0.5) == pytest.approx(1.0)
    assert matched_log_cost(held[:3], cost[:3], 0.9) is None
