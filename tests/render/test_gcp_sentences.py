"""Sentences that begin with a resource's address."""

from __future__ import annotations

import pytest

from tfopt.recommendation import Group
from tfopt.render.sentences import verdict


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "google_compute_autoscaler.api is not simulated",
            "google_compute_autoscaler.api is not simulated.",
        ),
        ("its sizes are sensitive.", "Its sizes are sensitive."),
    ],
)
def test_an_address_is_spelt_as_it_is(reason: str, told: str) -> None:
    """A sentence begins with a capital, unless an address stands first."""
    group = Group(
        address="google_compute_instance_group_manager.api",
        kind="google_compute_instance_group_manager",
        region="us-central1",
        status="not-analysed",
        reason=reason,
        current=None,
    )
    assert verdict(group) == told
