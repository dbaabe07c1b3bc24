"""What ships: a planner that loads without torch, and a card that tells what it is."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from policy_problems import make_problem

from tfopt.resources import data_dir
from tfopt_policies.artefact import CARD_FILE, MAX_BYTES, WEIGHTS_FILE
from tfopt_policies.observe import ACTION, CONTEXT
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Knobs
from tfopt_policies.registry import DEFAULT, load
from tfopt_sim.types import Configuration


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


def test_inference_needs_no_torch() -> None:
    """The base install has none, and importing it would take seconds."""
    code = (
        "import sys; import tfopt_policies.registry, tfopt_policies.prove; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
