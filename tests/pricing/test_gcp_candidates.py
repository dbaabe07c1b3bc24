"""Which machine types of Compute Engine a group may be moved to."""

from __future__ import annotations

from tfopt.pricing import load_book
from tfopt.pricing.candidates import CandidateRules, candidates


def families(name: str) -> set[str]:
    """Return the families that a type may be exchanged for, of any processor."""
    book = load_book()
    present = book.offer("gcp", "us-central1", name)
    rules = CandidateRules(architectures=("x86_64", "arm64"), max_candidates=100)
    return {offer.family for offer in candidates(book, present, rules)}


def test_disks_stay_what_they_are() -> None:
    """A family that takes Hyperdisk alone is no exchange for one on Persistent Disk, nor back."""
    hyperdisk = {"n4", "n4d", "n4a", "c4", "c4a", "c4d"}
    assert families("n2-standard-4") & {"t2d", "c3"}
    assert not families("n2-standard-4") & hyperdisk
    assert families("n4-standard-4") & {"n4d", "n4a"}
    assert not families("n4-standard-4") - (hyperdisk | {"c4n"})
