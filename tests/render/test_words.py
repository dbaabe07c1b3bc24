"""Figures read the same everywhere, each with its unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfopt.recommendation import Interval
from tfopt.render import words


def calm(text: str) -> str:
    """Return the text with plain spaces."""
    return text.replace(words.GAP, " ")


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (1310.4, "$1,310"),
        (1_234_567, "$1,234,567"),
        (999.999, "$1,000"),
        (310.5, "$310"),
        (99.99, "$99.99"),
        (0, "$0.00"),
        (-42.5, "−$42.50"),
        (-0.001, "$0.00"),
    ],
)
def test_money(usd: float, text: str) -> None:
    """Cents only where they matter, a true minus sign, never a negative nothing."""
    assert words.money(usd) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.004, "0.4 %"),
        (0.38, "38 %"),
        (0.0996, "10 %"),
        (0.05, "5 %"),
        (0, "0 %"),
        (0.0001, "<0.1 %"),
        (-0.21, "−21 %"),
        (1, "100 %"),
    ],
)
def test_share(value: float, text: str) -> None:
    """One decimal below ten per cent; a little is not nothing."""
    assert calm(words.share(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (28, "28 days"),
        (1.5, "1.5 days"),
        (1, "1 day"),
        (0.25, "6 hours"),
        (10 / 1440, "10 minutes"),
        (1 / 1440, "1 minute"),
    ],
)
def test_days(value: float, text: str) -> None:
    """A short length is told in hours or minutes, never as 0 days."""
    assert calm(words.days(value)) == text


@pytest.mark.parametrize(
    ("saved", "text"), [(0.38, "−38 %"), (-0.5, "+50 %"), (0, "0 %"), (-0.004, "+0.4 %")]
)
def test_cost_change(saved: float, text: str) -> None:
    """What is saved goes off the bill."""
    assert calm(words.cost_change(saved)) == text


@pytest.mark.parametrize(
    ("now", "then", "hours", "text"),
    [
        (0.12, 0.02, 168, "12 → 2 of 100 weeks"),
        (0.12, 0.121, 168, "12 of 100 weeks"),
        (0.004, 0, 24, "<1 → 0 of 100 days"),
        (1, 0.999, 336, "100 → >99 of 100 periods"),
    ],
)
def test_misses_change(now: float, then: float, hours: int, text: str) -> None:
    """Risk is a count of what was simulated; none and all are said only where they are meant."""
    assert calm(words.misses_change(now, then, words.period(hours))) == text


@pytest.mark.parametrize(
    ("value", "text"), [(8.4, "8.4 ms"), (182.4, "182 ms"), (1250, "1.25 s"), (5000, "5 s")]
)
def test_milliseconds(value: float, text: str) -> None:
    """Latency in the unit people say."""
    assert calm(words.milliseconds(value)) == text


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Interval(p50=1310, p05=1271, p95=1349), " (p05–p95 $1,271–$1,349)"),
        (Interval(p50=5, p05=-12, p95=20), " (p05–p95 −$12.00 to $20.00)"),
        (Interval(p50=2243, p05=2243, p95=2243), " (p05 = p95)"),
    ],
)
def test_money_spread(figure: Interval, text: str) -> None:
    """A range with a minus sign in it is not joined by a dash."""
    assert words.money_spread(figure) == text


@given(st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_a_greater_share_never_reads_smaller(first: float, second: float) -> None:
    """Rounding keeps the order."""

    def number(value: float) -> float:
        return float(calm(words.share(value)).removesuffix(" %").replace("<0.1", "0.05"))

    low, high = sorted((first, second))
    assert number(low) <= number(high)
