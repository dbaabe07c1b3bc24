"""Numbers as the answer holds them: rounded to the same bytes on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfopt.recommendation import Interval
from tfopt_sim.types import FloatArray

DIGITS = 6  # significant ones; enough for money, rates and shares


def rounded(value: float | np.floating[Any] | FloatArray) -> float:
    """Return a figure to six significant digits."""
    return float(f"{float(value):.{DIGITS}g}")


def interval(values: FloatArray) -> Interval:
    """Return the median and the 5th and 95th percentile of `values` (scenarios,)."""
    low, middle, high = np.percentile(values, [5, 50, 95])
    return Interval(p50=rounded(middle), p05=rounded(low), p95=rounded(high))
