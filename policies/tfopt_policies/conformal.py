"""Conformal risk control: the least caution whose risk on unseen episodes stays allowed.

Angelopoulos, Bates, Fisch, Lei, Schuster (2022), "Conformal risk control", theorem 1: for losses in
[0, 1] that fall with caution, the least caution with (Σ losses + 1) / (n + 1) ≤ α has an expected
loss of at most α on an exchangeable new episode.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def least_caution(losses: NDArray[np.floating], allowed: float) -> int:
    """Return the row of the least caution that is allowed, as is every higher one; or the last.

    Args:
        losses: (cautions, n), in [0, 1], least cautious first.
        allowed: α, the expected loss that is tolerated.
    """
    bounds = (losses.sum(axis=1) + 1) / (losses.shape[1] + 1)
    # losses need not fall strictly with caution: what counts is the worst from here upwards
    from_here = np.maximum.accumulate(bounds[::-1])[::-1]
    fit = np.flatnonzero(from_here <= allowed)
    return int(fit[0]) if fit.size else losses.shape[0] - 1
