"""Finds the names nearest to one that is not in the price book, for the error that says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable


def nearest(name: str, names: Collection[str], most: int = 3) -> list[str]:
    """Return up to `most` names a user may have meant, the likeliest first.

    Spelling decides; where nothing is spelt alike, names that start alike are given.
    """
    from difflib import get_close_matches

    lower = {known.lower(): known for known in names}
    found = [lower[n] for n in get_close_matches(name.lower(), sorted(lower), most, 0.75)]
    if found:
        return found
    stem = re.split(r"[.\-_\d]", name)[0].lower()
    return sorted(known for known in names if stem and known.lower().startswith(stem))[:most]


def same_place_first(region: str, regions: Iterable[str]) -> list[str]:
    """Return regions in the order of how much of their name they share with `region`."""
    return sorted(regions, key=lambda other: (-_alike(region, other), other))


def _alike(one: str, other: str) -> int:
    """Return how many letters two names share from the start."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def meant(names: Collection[str]) -> str | None:
    """Return the hint that offers these names, None where there is none."""
    return f"Did you mean {_listed(names)}?" if names else None


def _listed(names: Collection[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
