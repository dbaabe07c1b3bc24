"""Training: learns the obvious, twice alike, and what NumPy runs is what torch trained."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from policy_problems import FAST, SMALL, WEEK_S, demand, make_problem

from tfopt_policies.candidates import candidates
from tfopt_policies.errors import PolicyError
from tfopt_policies.observe import ACTION, CONTEXT, observe
from tfopt_policies.planner import load_planner
from tfopt_policies.policy import Knobs
from tfopt_policies.sizing import need
from tfopt_policies.train import Options, import_torch, reward, train
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration

TINY = Options(seed=1, episodes=60, epochs=25, batch=10, hidden=(24,))


def quiet(_done: int, _total: int, _what: str) -> None:
    """Report progress to nobody."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("planner")
    train([], out, TINY, quiet)
    return out


@pytest.mark.train
def test_tiny_training_sizes_steady_demand(folder: Path) -> None:
    """After seconds of training, steady demand gets a machine and a size that is near the least."""
    problem = make_problem(
        history=demand(swing=0.02),
        present=Configuration(SMALL, 40, 40, 40),
        knobs=Knobs(desired_capacity=True),
    )
    planner = load_planner(folder)
    chosen = planner.propose(problem, np.random.default_rng(0))[0]
    future = problem.model.sample(np.random.default_rng(9), 4, WEEK_S, 60)
    start = problem.model.start
    outcome = simulate([chosen], future, problem.workload, problem.slo, start)
    assert (outcome.bad_minute_share <= problem.slo.max_bad_minutes).all()
    least = need(problem, FAST, future).max() * FAST.usd_per_hour
    assert chosen.desired_capacity * chosen.machine.usd_per_hour <= 1.6 * least


@pytest.mark.train
def test_training_twice_gives_the_same_weights(folder: Path, tmp_path: Path) -> None:
    """One seed, one policy, to the byte."""
    train([], tmp_path, TINY, quiet)
    again, first = load_planner(tmp_path), load_planner(folder)
    assert again.sha256 == first.sha256


@pytest.mark.train
def test_training_improves_on_its_start(folder: Path) -> None:
    """The greedy choice earns more at the end than after the first epoch, on episodes held back."""
    lines = (folder / "curve.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    first, last = (dict(zip(names, map(float, lines[i].split(",")), strict=True)) for i in (1, -1))
    assert last["valid_reward"] > first["valid_reward"]
    assert last["valid_reward"] <= last["valid_best"]


@pytest.mark.train
def test_numpy_computes_what_torch_does(folder: Path) -> None:
    """The shipped inference agrees with torch to float precision."""
    torch = pytest.importorskip("torch")
    network = load_planner(folder).artefact.network
    features = np.random.default_rng(0).normal(size=(32, network.inputs))
    rows = torch.from_numpy(
        np.clip((features - network.input_mean) / network.input_scale, -5, 5).astype(np.float32)
    )
    for matrix, bias in network.layers[:-1]:
        rows = torch.tanh(rows @ torch.from_numpy(matrix) + torch.from_numpy(bias))
    matrix, bias = network.layers[-1]
    wanted = (rows @ torch.from_numpy(matrix) + torch.from_numpy(bias)).numpy()
    assert np.allclose(network(features), wanted, atol=1e-5)


@pytest.mark.train
def test_proposals_are_expressible_and_repeatable(folder: Path) -> None:
    """The planner proposes from its own candidates, the same ones twice."""
    problem = make_problem()
    planner = load_planner(folder)
    first = planner.propose(problem, np.random.default_rng(0))
    assert first == planner.propose(problem, np.random.default_rng(1))
    assert set(first) <= set(candidates(problem))
    assert len(set(first)) == len(first) > 1


def test_missing_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, training names it."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(PolicyError, match=r"pip install 'tfopt\[train\]'"):
        import_torch()


def test_observation_is_finite_and_free_of_units() -> None:
    """Ten times the traffic on ten times the sizes looks the same but for the sizes themselves."""
    small = make_problem(history=demand(mean_rps=4_000.0), machines=(SMALL,))
    large = make_problem(history=demand(mean_rps=40_000.0), machines=(SMALL,))
    first, second = (observe(p, candidates(p)) for p in (small, large))
    assert first.context.shape == (len(CONTEXT),)
    assert first.actions.shape == (len(candidates(small)), len(ACTION))
    assert np.isfinite(first.rows(0.0)).all()
    same = [i for i, name in enumerate(CONTEXT) if not name.startswith("log_need")]
    assert np.allclose(first.context[same], second.context[same], atol=0.02)
    assert not np.allclose(first.context, second.context, atol=0.02)


def test_reward_prefers_cheap_and_punishes_missing() -> None:
    """At a low SLO price the cheap candidate earns more, at a high one the safe one does."""
    from tfopt_policies.experience import Experience

    cost, bad = np.array([[1.0, 2.0]]), np.array([[3.0, 0.1]])
    experience = Experience(
        np.zeros((1, 1)), np.zeros((1, 2, 1)), cost, bad, np.ones((1, 2)), ("x",)
    )
    frugal, _ = reward(experience, np.log([0.3]))
    safe, penalty = reward(experience, np.log([30.0]))
    assert frugal[0, 0] > frugal[0, 1]
    assert safe[0, 1] > safe[0, 0]
    assert penalty[0, 0] > 0.9
    assert penalty[0, 1] < 0.1
