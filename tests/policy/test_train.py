"""Training: learns the obvious, twice alike, and what NumPy runs is what torch trained."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from policy_problems import FAST, SMALL, WEEK_S, demand, make_problem

from tfopt_policies.candidates import AT_MOST, candidates
from tfopt_policies.conformal import least_caution
from tfopt_policies.domain import distance
from tfopt_policies.errors import PolicyError
from tfopt_policies.expressible import distinct
from tfopt_policies.learning import blinded
from tfopt_policies.network import Network, averaged
from tfopt_policies.observe import ACTION, CONTEXT, observe
from tfopt_policies.planner import load_planner
from tfopt_policies.policy import Knobs
from tfopt_policies.sizing import need
from tfopt_policies.steps import cadence, is_stepped
from tfopt_policies.train import Options, Run, folds_of, import_torch, reward, train
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration

TINY = Options(seed=1, episodes=60, epochs=25, batch=10, hidden=(24,), members=2, folds=2)


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
    """The planner proposes what the group can say, the same proposals twice."""
    problem = make_problem()
    planner = load_planner(folder)
    first = planner.propose(problem, np.random.default_rng(0))
    assert first == planner.propose(problem, np.random.default_rng(1))
    assert distinct(problem, first) == first
    assert len(set(first)) == len(first) > 1


@pytest.mark.train
def test_what_it_saw_explains_what_it_proposes(folder: Path) -> None:
    """The look holds every candidate's scores and forecasts, and its order is the proposals'."""
    problem = make_problem()
    planner = load_planner(folder)
    seen = planner.look(problem)
    count = len(seen.candidates)
    assert seen.log_prices == tuple(planner.artefact.card["log_slo_prices"])
    assert seen.scores.shape == (len(seen.log_prices), count)
    assert seen.cost.shape == seen.miss.shape == (count,)
    assert (seen.cost > 0).all()
    assert ((seen.miss >= 0) & (seen.miss <= 1)).all()
    assert seen.spent == pytest.approx(count * (2 + 4), rel=0.01)  # past weeks and futures
    proposals = planner.propose(problem, np.random.default_rng(0))
    assert proposals[0] == seen.candidates[seen.best]
    assert seen.grid == len(candidates(problem)) < count
    own = int(np.argmax(seen.scores[0, : seen.grid]))
    assert seen.scores[0, seen.best] >= seen.scores[0, own]
    assert seen.miss[seen.best] <= seen.miss[own]
    again = planner.view(problem, list(reversed(seen.candidates)))
    assert np.allclose(again.scores[:, ::-1], seen.scores)  # a candidate's score is its own


@pytest.mark.train
def test_domain_tells_the_familiar_from_the_strange(folder: Path) -> None:
    """The card's range holds the mean, and what no episode was like lies far outside."""
    stated = load_planner(folder).artefact.card["domain"]
    assert tuple(stated["features"]) == CONTEXT
    mean, inverse = np.array(stated["mean"]), np.array(stated["inverse_covariance"])
    assert (np.array(stated["low"]) <= mean).all()
    assert (mean <= np.array(stated["high"])).all()
    strange = mean[None] + 20 * np.eye(mean.size)[CONTEXT.index("variation")]
    far = distance(np.vstack((mean, strange)), mean, inverse)
    assert far[0] == pytest.approx(0.0, abs=1e-6)
    assert far[1] > stated["distance_p99"]


@pytest.mark.train
def test_kept_experience_and_workers_change_nothing(folder: Path, tmp_path: Path) -> None:
    """Two processes, and a second start from the kept file, give the weights of the first run."""
    run = Run(workers=2, seeds=2, keep_experience=True)
    first = train([], tmp_path, TINY, quiet, run)
    again = train([], tmp_path, TINY, quiet, Run(keep_experience=True))
    assert first.sha256 == again.sha256 == load_planner(folder).sha256
    other = load_planner(tmp_path / "seeds" / "1")
    assert other.sha256 != first.sha256
    assert other.artefact.card["options"]["seed"] == TINY.seed + 1


def test_folds_share_no_series() -> None:
    """A series lies in one fold with all its episodes, and every episode in some fold."""
    series = ["a"] * 5 + ["b"] * 3 + ["c"] * 4 + ["d"]
    folds = folds_of(series, 3)
    assert sorted(np.concatenate(folds)) == list(range(len(series)))
    names = [{series[row] for row in fold} for fold in folds]
    assert all(a.isdisjoint(b) for i, a in enumerate(names) for b in names[:i])
    with pytest.raises(PolicyError, match="one series"):
        folds_of(["a", "a"], 3)


def test_an_unknown_ablation_is_refused(tmp_path: Path) -> None:
    """A misspelt part of training must not pass for an ablation."""
    pytest.importorskip("torch")
    with pytest.raises(PolicyError, match="forcast"):
        train([], tmp_path, replace(TINY, without=("forcast",)), quiet)


def test_ablations_hide_what_they_name() -> None:
    """Without the forecast, every input made of it is hidden, and no other."""
    names = ("price", *CONTEXT, *ACTION)
    hidden = {name for name, gone in zip(names, blinded(("forecast",)), strict=True) if gone}
    assert hidden == {name for name in names if "_ahead" in name}
    assert blinded(("price",)).sum() == 1
    assert not blinded(("bursty",)).any()


def test_step_tables_are_candidates_only_where_they_can_be_said() -> None:
    """With the knob some candidates are step tables at several cadences; without it none is."""
    free = candidates(make_problem(knobs=Knobs(target_cpu=True, schedules=True, steps=True)))
    tables = [c for c in free if is_stepped(c)]
    assert len({cadence(c) for c in tables}) > 1
    assert any(c.schedules for c in tables)
    assert len(tables) < len(free) <= AT_MOST
    assert not any(is_stepped(c) for c in candidates(make_problem()))


def test_conformal_risk_control_takes_the_least_caution_allowed() -> None:
    """Of 99 weeks 4 may be missed at α = 5 %: (4 + 1) / 100; a later relapse rules earlier out."""
    losses = np.zeros((4, 99))
    losses[0, :10], losses[1, :4], losses[2, :4] = 1, 1, 1
    assert least_caution(losses, 0.05) == 1
    losses[2, :5] = 1
    assert least_caution(losses, 0.05) == 3
    assert least_caution(np.ones((3, 10)), 0.05) == 2  # nothing is safe: the most cautious


def test_an_ensemble_is_the_mean_of_its_members() -> None:
    """One network of blocks computes what its members do on average."""
    rng = np.random.default_rng(0)
    mean, scale = (np.full(5, value, dtype=np.float32) for value in (0.1, 2.0))

    def member() -> Network:
        shapes = [(5, 4), (4, 3), (3, 2)]
        layers = tuple(
            (rng.normal(size=s).astype(np.float32), rng.normal(size=s[1]).astype(np.float32))
            for s in shapes
        )
        return Network(mean, scale, layers)

    members = [member(), member(), member()]
    features = rng.normal(size=(7, 5))
    wanted = np.mean([one(features) for one in members], axis=0)
    assert np.allclose(averaged(members)(features), wanted, atol=1e-5)
    with pytest.raises(ValueError, match="standardise differently"):
        averaged([members[0], Network(mean, mean, members[1].layers)])


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
