"""The group that the tests of the policies share, and futures it has not seen."""

from __future__ import annotations

import numpy as np
import pytest
from policy_problems import WEEK_S, make_problem

from tfopt_policies.policy import Problem


@pytest.fixture(scope="session")
def problem() -> Problem:
    return make_problem()


@pytest.fixture(scope="session")
def held_back(problem: Problem) -> np.ndarray:
    return problem.model.sample(np.random.default_rng(2), 40, WEEK_S, 60)
