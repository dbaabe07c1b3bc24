"""Amounts as Kubernetes writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfopt.quantities import GIB, quantity


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("250m", 0.25),
        ("1", 1.0),
        (2, 2.0),
        (0.5, 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("12E", 12e18),
        ("512Mi", 512 * 1024.0**2),
        ("1.5Gi", 1.5 * GIB),
        ("128974848", 128974848.0),
        ("129M", 129e6),
        ("123Ei", 123 * 1024.0**6),
    ],
)
def test_amounts(written: object, amount: float) -> None:
    """The API's own examples among them."""
    assert quantity(written) == pytest.approx(amount)


@pytest.mark.parametrize("written", ["", "m", "1 Gi", "1gi", "-1", "1mi", "0x10", True, None, "1e"])
def test_what_is_no_amount(written: object) -> None:
    """Neither a guess nor an error."""
    assert quantity(written) is None


@given(st.integers(0, 10**9))
def test_thousandths(milli: int) -> None:
    """A number of thousandths is that, whatever it is."""
    assert quantity(f"{milli}m") == pytest.approx(milli / 1000)


@given(st.text(max_size=12))
def test_any_text(text: str) -> None:
    """Whatever is written, the answer is an amount or none."""
    found = quantity(text)
    assert found is None or found >= 0
