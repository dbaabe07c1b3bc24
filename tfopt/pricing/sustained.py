"""What Compute Engine takes off by itself for what runs all month: sustained-use discounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tfopt.pricing.offer import Offer

_SHARES: Final[Mapping[str, float]] = {
    **dict.fromkeys(("n1", "m1", "m2", "f1", "g1"), 0.3),
    **dict.fromkeys(("n2", "n2d", "c2"), 0.2),
}
"""Most that is taken off, by family (Compute Engine documentation, "Sustained use discounts")."""


def sustained_share(offer: Offer) -> float:
    """Return the share of the list price that is taken off a full month; 0 where nothing is."""
    return _SHARES.get(offer.family, 0.0) if offer.cloud == "gcp" else 0.0
