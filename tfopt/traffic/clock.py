"""Reads the many spellings of a moment into seconds since the epoch, UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from tfopt_sim.types import FloatArray

# a count of seconds, ms, µs or ns since 1970 is told by its size: 1e11 s is the year 5138
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_EARLIEST, _LATEST = 2, 5138  # years
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)")


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments in file order and what had to be assumed to read them."""

    epoch_s: FloatArray
    naive: bool = False  # at least one had no time zone and was taken as UTC
    relative: bool = False  # counted from an unknown moment, not from 1970


class MomentError(ValueError):
    """One moment cannot be read; `index` says which."""

    def __init__(self, index: int, text: str):
        super().__init__(f"'{text[:40]}' is not a point in time")
        self.index = index


def read_moments(texts: Sequence[str]) -> Moments:
    """Return all moments of one file: numbers since the epoch, or ISO 8601 with its variants.

    Raises:
        MomentError: the first text that is neither.
    """
    if texts and _is_number(texts[0]):
        return _from_numbers(_each(texts, float))
    seen_naive = [False]

    def one(text: str) -> float:
        moment = _parsed(text)
        if not _EARLIEST <= moment.year < _LATEST:  # else its weeks reach beyond the calendar
            raise ValueError(text)
        if moment.tzinfo is None:
            seen_naive[0] = True
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()

    seconds = _each(texts, one)
    return Moments(np.array(seconds), naive=seen_naive[0])


def _each(texts: Sequence[str], read: Callable[[str], float]) -> list[float]:
    out: list[float] = []
    try:
        for text in texts:
            value = read(text)
            out.append(value)
    except (ValueError, OverflowError):
        raise MomentError(len(out), texts[len(out)]) from None
    return out


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*\d+(\.\d*)?([eE]\+?\d+)?\s*", text) is not None


def _from_numbers(values: list[float]) -> Moments:
    epoch = np.array(values)
    if not np.isfinite(epoch).all():
        index = int(np.flatnonzero(~np.isfinite(epoch))[0])
        raise MomentError(index, str(values[index]))
    largest = float(epoch.max()) if epoch.size else 0.0
    for limit, divisor in _UNITS:
        if largest >= limit:
            return Moments(epoch / divisor)
    return Moments(epoch, relative=largest < 3e8)  # before mid-1979: nobody measured requests


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        tidy = text.strip()
        for suffix in (" UTC", " GMT", " Z"):
            if tidy.endswith(suffix):
                tidy = tidy[: -len(suffix)] + "+00:00"
        tidy = re.sub(r" ([+-]\d\d:?\d\d)$", r"\1", tidy)
        if slashed := _SLASHED.fullmatch(tidy):
            year, month, day, rest = slashed.groups()
            tidy = f"{year}-{month:0>2}-{day:0>2}{rest}"
        return datetime.fromisoformat(tidy)
