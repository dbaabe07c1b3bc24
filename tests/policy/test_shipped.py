"""What ships: a planner that loads without torch, and a card that tells what it is."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from policy_problems import SMALL, WEEK_S, demand, make_problem

from tfopt.resources import data_dir
from tfopt_policies.artefact import CARD_FILE, MAX_BYTES, WEIGHTS_FILE
from tfopt_policies.observe import ACTION, CONTEXT
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Knobs
from tfopt_policies.prove import prove
from tfopt_policies.registry import DEFAULT, baselines, load
from tfopt_sim.types import Configuration, Demand, TargetTracking


@pytest.fixture(scope="module")
def shipped() -> Planner:
    policy = load(DEFAULT, data_dir("trained"))
    assert isinstance(policy, Planner)
    return policy


def test_shipped_planner_is_small_and_fits_its_observation(shipped: Planner) -> None:
    """Under a megabyte, and one input per feature and the SLO price."""
    assert (shipped.folder / WEIGHTS_FILE).stat().st_size < MAX_BYTES
    assert shipped.artefact.network.inputs == 1 + len(CONTEXT) + len(ACTION)


def test_card_says_what_it_is_made_of(shipped: Planner) -> None:
    """Data with hashes, seed, commit, and scores against each baseline with intervals."""
    card = json.loads((shipped.folder / CARD_FILE).read_text(encoding="utf-8"))
    assert all(len(entry["sha256"]) == 64 for entry in card["training_data"])
    assert card["options"]["seed"] == 0
    assert len(card["commit"]) >= 7
    rows = card["scores"]["one type"]
    assert {"planner", "calibrated-tracking", "as-written"} <= {row["policy"] for row in rows}
    for row in rows:
        mean, low, high = row["cost_over_bound"]
        assert low <= mean <= high


def test_card_states_its_caution_and_its_domain(shipped: Planner) -> None:
    """The price was calibrated on series left out, and the domain describes every context fact."""
    card = shipped.artefact.card
    assert card["caution"]["miss_share"] <= card["caution"]["allowed_misses"]
    assert card["caution"]["weeks"] >= 1000
    width = len(CONTEXT)
    stated = card["domain"]
    assert tuple(stated["features"]) == CONTEXT
    assert len(stated["low"]) == len(stated["high"]) == len(stated["mean"]) == width
    assert np.shape(stated["inverse_covariance"]) == (width, width)
    assert stated["distance_p99"] > 0


def test_after_the_proof_holds_as_many_weeks_as_calibrated_tracking(shipped: Planner) -> None:
    """The promise of the shipped policy, from the evaluation that its card records."""
    for mode in ("one type", "any type"):
        met = {row["policy"]: row["weeks_met"] for row in shipped.artefact.card["scores"][mode]}
        assert met["tfopt (after the proof)"] >= met["calibrated-tracking"]


def test_proposes_for_every_kind_of_group(shipped: Planner) -> None:
    """Scaled, scheduled and constant groups all get several proposals, the same ones twice."""
    constant = Configuration(make_problem().machines[0], 20, 20, 20)
    for problem in (
        make_problem(),
        make_problem(knobs=Knobs(target_cpu=True)),
        make_problem(present=constant, knobs=Knobs(desired_capacity=True)),
    ):
        proposals = shipped.propose(problem, np.random.default_rng(0))
        assert len(proposals) > 1
        assert proposals == shipped.propose(problem, np.random.default_rng(1))


STEPS = demand().rps
ODD = {
    "ten minutes": (STEPS[:2], 300),
    "three hours": (STEPS[:36], 300),
    "one day": (STEPS[:288], 300),
    "nothing arrived": (np.zeros(4032), 300),
    "gaps": (np.where(np.arange(4032) % 1000 < 400, np.nan, STEPS), 300),
    "hourly": (STEPS[::12], 3600),
    "every second": (np.repeat(STEPS[:300], 300), 1),
    "more than the largest size serves": (STEPS * 200, 300),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("constant", [False, True])
def test_odd_histories_are_decided(shipped: Planner, name: str, constant: bool) -> None:
    """Every proposer and the proof answer on short, empty, gappy and hopeless histories."""
    history = Demand(datetime(2026, 3, 2, tzinfo=UTC), ODD[name][1], ODD[name][0])
    present = Configuration(SMALL, 3, 20, 10, () if constant else (TargetTracking(0.4),))
    knobs = Knobs(desired_capacity=constant, target_cpu=not constant, schedules=not constant)
    problem = make_problem(history=history, present=present, knobs=knobs)
    policies = [*baselines(knobs), shipped]
    contenders = {p.name: p.propose(problem, np.random.default_rng(0)) for p in policies}
    futures = problem.model.sample(np.random.default_rng(1), 20, WEEK_S, 60)
    verdict = prove(problem, contenders, futures)
    assert verdict.reason
    assert verdict.changed == (verdict.chosen != present)
    assert np.isfinite(verdict.saving.usd_per_month)
    assert {trial.proposer for trial in verdict.contenders} >= {"as-written"}


def test_inference_needs_no_torch() -> None:
    """The base install has none, and importing it would take seconds."""
    code = (
        "import sys; import tfopt_policies.registry, tfopt_policies.prove; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
