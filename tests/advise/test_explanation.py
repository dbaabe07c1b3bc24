"""Each recommendation says what moved it, and what came nearest and was not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfopt.advise import Request, advise
from tfopt.recommendation import Group
from tfopt.render.view import group_view


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    shop = Path(__file__).resolve().parents[2] / "examples" / "web-shop"
    request = Request(plans=(str(shop / "plan.json"),), horizon_s=2 * 86_400)
    return advise(request, lambda *_: None).report.groups


def test_every_change_is_explained(explained: list[Group]) -> None:
    """By whom it was proposed, by measured facts, and by what was rejected."""
    for group in explained:
        assert group.status == "recommended"
        assert group.explanation is not None
        assert group.proof is not None
        assert group.explanation.proposed_by == group.proof.won_by
        shares = [fact.share for fact in group.explanation.facts]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1
        assert group.explanation.rejected


def test_what_was_rejected_is_not_what_was_chosen(explained: list[Group]) -> None:
    """Cheaper ones failed and say where; dearer ones say by how much."""
    for group in explained:
        assert group.cost is not None
        assert group.explanation is not None
        usd = group.cost.recommended_monthly_usd.p50
        for other in group.explanation.rejected:
            if other.monthly_usd < 0.98 * usd:
                assert "SLO" in other.why_not
                assert "cheaper, but" in other.why_not
            if "dearer" in other.why_not:
                assert other.monthly_usd >= 0.98 * usd


def test_facts_are_read_as_sentences(explained: list[Group]) -> None:
    """The view says what was measured, how much it weighed, and for which side."""
    view = group_view(explained[0], named=False)
    assert view.moved_by
    assert all("%, for it)" in line or "%, against it)" in line for line in view.moved_by)
