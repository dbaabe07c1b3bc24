"""The Gymnasium environments: clean by its own checker, and what libraries learn runs in NumPy."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from tfopt_policies.control.algorithms import Run, ppo  # noqa: E402
from tfopt_policies.control.env import (  # noqa: E402
    LEVELS,
    SPAN,
    AutoscalingEnv,
    AutoscalingVectorEnv,
    log_factors,
)
from tfopt_policies.control.groups import DOMAINS, draw_groups  # noqa: E402
from tfopt_policies.control.lanes import Lanes  # noqa: E402

pytestmark = pytest.mark.train


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("level", LEVELS)
def test_gymnasium_finds_nothing_to_complain_about(level: str, discrete: bool) -> None:
    """`check_env` passes without a warning."""
    from gymnasium.utils.env_checker import check_env

    env = gymnasium.make(f"tfopt/Autoscaling-{level}-v0", discrete=discrete, horizon=40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)


def test_an_episode_ends_with_its_report() -> None:
    """Stability, efficiency and performance, once time is up."""
    env = AutoscalingEnv("easy", horizon=90, render_mode="ansi")
    env.reset(seed=1)
    over = False
    while not over:
        _, _, gone, over, info = env.step(np.zeros(1, np.float32))
        assert not gone
    assert set(info["report"]) == {
        "changes_per_hour", "reversals_per_hour", "capacity_variation", "cost_over_bound",
        "mean_utilisation", "slow_share", "bad_minute_share",
    }  # fmt: skip
    assert "billed" in str(env.render())


def test_many_groups_step_as_each_would_alone() -> None:
    """The vector environment moves the groups of the lanes, and starts anew at once."""
    rng = np.random.default_rng(0)
    groups = [draw_groups(rng, 2, DOMAINS["medium"]) for _ in range(2)]
    env = AutoscalingVectorEnv(Lanes(groups, 30, seed=0))
    plain = Lanes(groups, 30, seed=0)
    seen, _ = env.reset(seed=7)
    plain.rng = np.random.default_rng(7)
    np.testing.assert_allclose(seen, plain.reset(), rtol=1e-6)
    for _ in range(29):
        action = rng.uniform(-1, 1, (4, 1))
        seen, reward, _, ended, info = env.step(action)
        known, paid, _ = plain.step(SPAN * action[:, 0])
        np.testing.assert_allclose(reward, paid)
    assert ended.all()
    np.testing.assert_allclose(info["final_obs"], np.clip(known, -10, 10), rtol=1e-5)
    assert len(info["reports"]) == 4


def test_discrete_actions_are_choices() -> None:
    """Numbers pick a factor, reals are one."""
    assert log_factors(np.array([0, 10]), discrete=True).tolist() == [-0.6, 0.9]
    assert log_factors(np.array([[0.5]]), discrete=False).tolist() == [0.5 * SPAN]


@pytest.mark.parametrize("algorithm", ["ppo", "dqn", "sac"])
def test_what_a_library_learned_is_what_numpy_runs(algorithm: str) -> None:
    """The exported network acts as the library's own predict does without noise."""
    pytest.importorskip("stable_baselines3")
    from tfopt_policies.control.controller import log_factors as of_network
    from tfopt_policies.control.library import _imported, _model, exported

    rng = np.random.default_rng(0)
    lanes = Lanes([draw_groups(rng, 4, DOMAINS["easy"])], 40, seed=0)
    model = _model(_imported(), algorithm, lanes, 0, {"gamma": 0.9})
    model.learn(256)
    seen = np.clip(lanes.reset(), -10, 10).astype(np.float32)
    action, _ = model.predict(seen, deterministic=True)
    theirs = log_factors(action, discrete=algorithm == "dqn")
    ours = of_network(exported(model, algorithm)(seen))
    np.testing.assert_allclose(np.clip(ours, -SPAN, SPAN), theirs, atol=1e-5)


def test_ppo_writes_the_same_kind_of_artefact(tmp_path: Path) -> None:
    """A short run ends in weights, a card and a curve."""
    pytest.importorskip("torch")
    found = ppo(Run([], tmp_path, seed=2, steps=40_000), lambda *_: None)
    assert found[0].card["name"] == "ppo"
    assert found[0].card["env_steps"] > 0
    assert (tmp_path / "curve.csv").read_text().startswith("update,env_steps")
