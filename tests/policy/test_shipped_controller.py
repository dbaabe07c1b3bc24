"""The controller that ships: ten seeds that load without torch and agree with one another."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tfopt.resources import data_dir
from tfopt_policies.artefact import CARD_FILE, MAX_BYTES, WEIGHTS_FILE
from tfopt_policies.control.report import Arm, read_arm
from tfopt_policies.control.training import CURVE_FILE, Validation, validation_groups


@pytest.fixture(scope="module")
def shipped() -> Arm:
    return read_arm(data_dir("trained") / "controller")


def test_ten_seeds_are_small_and_show_how_they_learned(shipped: Arm) -> None:
    """Every seed has weights, a card and a curve."""
    assert shipped.name == "controller"
    assert len(shipped.seeds) == 10
    for path in (data_dir("trained") / "controller").rglob(WEIGHTS_FILE):
        assert path.stat().st_size < MAX_BYTES / 10
        lines = (path.parent / CURVE_FILE).read_text(encoding="utf-8").splitlines()
        assert len(lines) > 5


def test_its_card_tells_what_it_costs_on_days_it_has_not_seen(shipped: Arm) -> None:
    """The validation on the card is what a second look gives, below the calibrated rule's cost."""
    card = json.loads((data_dir("trained") / "controller" / CARD_FILE).read_text(encoding="utf-8"))
    again = Validation(validation_groups()).of(shipped.seeds[0])
    assert again == pytest.approx(card["validation"], abs=2e-3)
    assert again < 1.0


def test_seeds_agree(shipped: Arm) -> None:
    """No seed has diverged: weights are of one size."""
    sizes = [float(np.linalg.norm(seed.network.layers[1][0])) for seed in shipped.seeds]
    assert max(sizes) < 3 * min(sizes)
