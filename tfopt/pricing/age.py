"""How old a price list is, and from when on that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

STALE_AFTER_DAYS = 90


class Age(NamedTuple):
    """How old a price list is."""

    days: int
    stale: bool  # over `STALE_AFTER_DAYS`


def age_of(read: str, today: dt.date) -> Age:
    """Return the age on a day of a price list that was read on an ISO date."""
    import datetime as dt

    days = (today - dt.date.fromisoformat(read)).days
    return Age(days, days > STALE_AFTER_DAYS)
