"""How long to wait for a server that is busy: what it asks for, else longer each time."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds; a test overrides `now`, `sleep` and `chance`."""

    tries: int = 6
    first_s: float = 1.0
    longest_s: float = 60.0  # of our own waits
    most_s: float = 300.0  # all waits for one server: a job has better to do than wait an hour

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def chance(self) -> float:
        """Return a number between 0 and 1."""
        return random.random()

    def pause(self, attempt: int, headers: Mapping[str, str]) -> float:
        """Return how long to wait after the attempt of this number, counted from 0.

        Jobs that were told the same time, or failed together, come back apart.
        """
        asked = self._asked(headers)
        if asked is not None:
            return asked + self.chance() * self.first_s
        return min(self.longest_s, self.first_s * 2.0**attempt) * (1 + self.chance()) / 2

    def _asked(self, headers: Mapping[str, str]) -> float | None:
        """Return what the server asks for: Retry-After, else the time its limit is reset."""
        after = headers.get("retry-after", "").strip()
        if after:
            return self._until(after) if not after.isdecimal() else float(after)
        if headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0":
            reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
            return max(0.0, float(reset) - self.now()) if reset.isdecimal() else None
        return None

    def _until(self, date: str) -> float | None:
        try:
            then = parsedate_to_datetime(date)
        except ValueError:
            return None
        aware = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.fromtimestamp(self.now(), UTC)).total_seconds())
