"""The price book: which machines there are, what they cost, how fast they are."""

from tfopt.pricing.offer import CLOUDS, Boot, Cloud, Offer
from tfopt.pricing.price_book import STALE_AFTER_DAYS, PriceBook, load_book

__all__ = ["CLOUDS", "STALE_AFTER_DAYS", "Boot", "Cloud", "Offer", "PriceBook", "load_book"]
