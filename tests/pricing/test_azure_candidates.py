"""What an Azure group may be moved to: its system's prices, no less than its vendor takes."""

from __future__ import annotations

import pytest

from tfopt.pricing import PriceBook, load_book
from tfopt.pricing.candidates import CandidateRules, candidates


@pytest.fixture(scope="module")
def book() -> PriceBook:
    """Return the price book."""
    return load_book()


def test_windows_is_weighed_against_windows(book: PriceBook) -> None:
    """Every type has its licence in the price, Arm and other licences are not among them."""
    present = book.offer("azure", "westeurope", "Standard_D4s_v4", "windows")
    both = CandidateRules(architectures=("x86_64", "arm64"))
    found = candidates(book, present, both)
    assert found
    for offer in found:
        linux = book.offer("azure", "westeurope", offer.instance_type)
        assert offer.operating_system == "windows"
        assert offer.usd_per_hour == pytest.approx(linux.usd_per_hour + 0.046 * offer.vcpus)
        assert offer.architecture == "x86_64"


def test_no_type_below_what_the_vendor_takes(book: PriceBook) -> None:
    """A node of AKS has two vCPUs at least, however fast a single one is."""
    present = book.offer("azure", "germanywestcentral", "Standard_D2s_v4")
    everything = candidates(book, present, CandidateRules(max_candidates=200))
    enough = candidates(book, present, CandidateRules(max_candidates=200, min_vcpus=2))
    assert min(offer.vcpus for offer in everything) == 1
    assert min(offer.vcpus for offer in enough) == 2
