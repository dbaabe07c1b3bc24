"""The price book against a second reading of the vendors' lists: 30 types and more per cloud.

`second_source.csv` says whose reading it is. A price that differs must not be called "listed".
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tfopt.pricing import CLOUDS, Offer, load_book

TABLE = Path(__file__).resolve().parent / "second_source.csv"
TOLERANCE = 0.01


class Price(NamedTuple):
    """One price of the second source."""

    cloud: str
    region: str
    instance_type: str
    usd_per_hour: float

    @property
    def offer(self) -> Offer:
        """What the price book has for it."""
        return load_book().offer(self.cloud, self.region, self.instance_type)


def _prices() -> list[Price]:
    lines = [one for one in TABLE.read_text("utf-8").splitlines() if not one.startswith("#")]
    return [
        Price(row["cloud"], row["region"], row["instance_type"], float(row["usd_per_hour"]))
        for row in csv.DictReader(lines)
    ]


PRICES = _prices()


def agrees(price: Price, usd_per_hour: float) -> bool:
    """Tell whether a price of the book is that of the second source, but for rounding."""
    return abs(usd_per_hour / price.usd_per_hour - 1) <= TOLERANCE


@pytest.mark.parametrize("price", PRICES, ids=lambda one: "-".join(one[:3]))
def test_the_book_agrees_or_says_that_it_is_not_sure(price: Price) -> None:
    """Within one per cent, or the row of the book carries another quality than "listed"."""
    offer = price.offer
    assert agrees(price, offer.usd_per_hour) or offer.price_quality != "listed", offer


def test_what_is_listed_agrees_altogether() -> None:
    """Of what the book calls listed, at least 30 prices in the two clouds with lists of today."""
    sure = [one for one in PRICES if one.offer.price_quality == "listed"]
    assert Counter(one.cloud for one in sure)["gcp"] >= 30
    assert Counter(one.cloud for one in sure)["azure"] >= 30
    assert all(agrees(one, one.offer.usd_per_hour) for one in sure)


def test_the_table_is_a_fair_sample() -> None:
    """30 pairs per cloud, each once, over several regions and families."""
    assert len({one[:3] for one in PRICES}) == len(PRICES)
    for cloud in CLOUDS:
        own = [one for one in PRICES if one.cloud == cloud]
        assert len(own) >= 30
        assert len({one.region for one in own}) >= 6
        assert len({one.offer.family for one in own}) >= 3


def test_a_wrong_price_would_be_seen() -> None:
    """The Windows price, or a price of another region, is further off than the tolerance."""
    linux = next(one for one in PRICES if one.cloud == "azure" and "B2als" in one.instance_type)
    assert not agrees(linux, linux.usd_per_hour * 1.02)
    elsewhere = next(one for one in PRICES if one[:3] == ("aws", "eu-west-1", "m5.2xlarge"))
    assert not agrees(elsewhere, load_book().offer("aws", "us-east-1", "m5.2xlarge").usd_per_hour)


def test_the_table_names_its_source() -> None:
    """Whose figures they are, from which commits, under which licence."""
    head = TABLE.read_text("utf-8").partition("cloud,")[0]
    assert "Apache-2.0" in head
    assert head.count(" @ ") == len(CLOUDS)
