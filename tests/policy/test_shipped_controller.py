"""The controller that ships: ten seeds that load without torch and agree with one another."""

from __future__ import annotations

import numpy as np
import pytest

from tfopt.resources import data_dir
from tfopt_policies.artefact import MAX_BYTES, WEIGHTS_FILE
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


def test_it_costs_less_than_calibrated_staffing_on_days_it_has_not_seen(shipped: Arm) -> None:
    """On the validation groups the first seed's objective is below the calibrated rule's."""
    few = validation_groups(["bursty", "step"], count=4)
    assert Validation(few).of(shipped.seeds[0]) < 1.0


def test_seeds_agree(shipped: Arm) -> None:
    """No seed has diverged: weights are of one size."""
    sizes = [float(np.linalg.norm(seed.network.layers[1][0])) for seed in shipped.seeds]
    assert max(sizes) < 3 * min(sizes)
