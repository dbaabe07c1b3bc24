"""Custom machine types of Compute Engine: read by name, priced by their family's rates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tfopt.errors import TfoptError
from tfopt.pricing import load_book
from tfopt.pricing.candidates import CandidateRules, candidates
from tfopt.pricing.custom import PREMIUM, Custom, custom_offer, read_custom

FAMILIES = ("n1", "n2", "n2d", "n4", "n4a", "n4d", "e2")


@pytest.mark.parametrize(
    ("name", "family", "vcpus", "gib", "extended"),
    [
        ("n2-custom-8-16384", "n2", 8, 16, False),
        ("custom-4-8192", "n1", 4, 8, False),
        ("n1-custom-1-1024", "n1", 1, 1, False),
        ("e2-custom-2-5120", "e2", 2, 5, False),
        ("n2d-custom-16-262144-ext", "n2d", 16, 256, True),
    ],
)
def test_names(name: str, family: str, vcpus: int, gib: float, extended: bool) -> None:
    """The name holds family, vCPUs and MiB; without a family it is N1."""
    assert read_custom(name) == Custom(name, family, vcpus, gib, extended)


@pytest.mark.parametrize(
    "name", ["n2-standard-4", "e2-custom-micro-1024", "c2-custom-4-8192", "n2-custom-0-1024", ""]
)
def test_other_names(name: str) -> None:
    """Predefined and shared-core types, and families without custom types, are none of them."""
    assert read_custom(name) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_rates_of_a_family_price_each_of_its_types(family: str) -> None:
    """In every region a predefined type's shape, priced as custom, costs the premium more."""
    book = load_book()
    seen = 0
    for region in book.regions("gcp"):
        offers = book.offers("gcp", region)
        for one in offers:
            if one.family != family or one.baseline_cpu < 1:
                continue
            most = 6.5 if family == "n1" else 8.0
            if one.memory_gib > most * one.vcpus:
                continue
            custom = Custom("x", family, one.vcpus, one.memory_gib, extended=False)
            found = custom_offer(custom, region, offers)
            assert found.usd_per_hour == pytest.approx(PREMIUM * one.usd_per_hour, rel=1e-3)
            if one.usd_per_hour_spot:
                spot = PREMIUM * one.usd_per_hour_spot
                assert found.usd_per_hour_spot == pytest.approx(spot, rel=1e-3)
            seen += 1
    assert seen > 100


def test_price_of_a_custom_type() -> None:
    """Rates of us-central1 by hand: 0.031611 a vCPU and 0.004237 a GiB, and the premium."""
    offer = load_book().offer("gcp", "us-central1", "n2-custom-6-20480")
    assert offer.usd_per_hour == pytest.approx(1.05 * (6 * 0.031611 + 20 * 0.004237), rel=1e-4)
    assert (offer.instance_type, offer.family) == ("n2-custom-6-20480", "n2")
    assert (offer.vcpus, offer.memory_gib, offer.price_quality) == (6, 20.0, "estimated")
    assert offer.throughput_per_vcpu == pytest.approx(20_000, rel=0.2)
    assert offer.perf_quality == "family"


def test_a_custom_type_is_exchanged_for_predefined_ones() -> None:
    """A group on a custom type is weighed against the types that the price book lists."""
    book = load_book()
    present = book.offer("gcp", "us-central1", "n2-custom-4-16384")
    found = candidates(book, present, CandidateRules())
    assert "n2-standard-4" in {one.instance_type for one in found}


@pytest.mark.parametrize(
    "name", ["n2-custom-2-32768-ext", "n2-custom-2-32768", "custom-2-14336", "n2-custom-2-16640"]
)
def test_extended_memory_is_refused(name: str) -> None:
    """Memory above the family's ratio has a rate that the family's own types do not show."""
    with pytest.raises(TfoptError, match="extended memory"):
        load_book().offer("gcp", "us-central1", name)


def test_family_that_is_not_offered() -> None:
    """Where a region has none of the family's types, nothing is made up."""
    with pytest.raises(TfoptError, match="do not tell its rates"):
        load_book().offer("gcp", "africa-south1", "n4a-custom-2-4096")


def test_prices_that_two_rates_do_not_explain() -> None:
    """A family whose prices are not of two rates gives none."""
    offers = load_book().offers("gcp", "us-central1")
    odd = [
        replace(one, usd_per_hour=1.02 * one.usd_per_hour)
        if one.instance_type == "n2-standard-8"
        else one
        for one in offers
    ]
    custom = Custom("n2-custom-4-8192", "n2", 4, 8.0, extended=False)
    assert custom_offer(custom, "us-central1", offers).usd_per_hour > 0
    with pytest.raises(TfoptError, match="do not tell its rates"):
        custom_offer(custom, "us-central1", odd)


def test_facts_of_a_custom_type() -> None:
    """Its family and processor are known wherever types are allowed by those."""
    facts = load_book().facts("n2-custom-4-8192")
    assert facts is not None
    assert (facts.cloud, facts.family, facts.architecture) == ("gcp", "n2", "x86_64")
    arm = load_book().facts("n4a-custom-4-8192")
    assert arm is not None
    assert (
        arm.architecture == load_book().offer("gcp", "us-central1", "n4a-standard-4").architecture
    )
    assert load_book().facts("e2-custom-micro-1024") is None


def test_other_clouds_have_no_custom_types() -> None:
    """The same name is no type of another cloud."""
    with pytest.raises(TfoptError, match="no aws type"):
        load_book().offer("aws", "us-east-1", "n2-custom-4-8192")
