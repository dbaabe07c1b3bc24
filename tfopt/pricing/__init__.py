"""The price book: which machines there are, what they cost, how fast they are."""

from tfopt.pricing.age import STALE_AFTER_DAYS, Age, age_of
from tfopt.pricing.offer import CLOUDS, Boot, Cloud, Offer
from tfopt.pricing.price_book import (
    PriceBook,
    TypeFacts,
    load_book,
)

__all__ = [
    "CLOUDS",
    "STALE_AFTER_DAYS",
    "Age",
    "Boot",
    "Cloud",
    "Offer",
    "PriceBook",
    "TypeFacts",
    "age_of",
    "load_book",
]
