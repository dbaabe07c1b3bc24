"""What a policy was trained on, in few numbers: by these a gate tells a strange history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfopt_sim.types import FloatArray

_RIDGE = 1e-3  # of a feature's variance: features that hardly vary must not decide alone


def domain(names: Sequence[str], contexts: FloatArray) -> dict[str, Any]:
    """Return the card's "domain": range, mean and spread of the contexts of all episodes.

    Args:
        names: of the features.
        contexts: (episodes, features).
    """
    mean = contexts.mean(axis=0)
    inverse = _inverse_covariance(contexts)
    distances = distance(contexts, mean, inverse)
    low, high = np.quantile(contexts, [0.005, 0.995], axis=0)
    return {
        "features": list(names),
        "low": _rounded(low),
        "high": _rounded(high),
        "mean": _rounded(mean),
        "inverse_covariance": [_rounded(row) for row in inverse],
        "distance_p99": float(np.quantile(distances, 0.99)),
    }


def distance(contexts: FloatArray, mean: FloatArray, inverse: FloatArray) -> FloatArray:
    """Return the Mahalanobis distance of each context, shape (rows,), from the mean."""
    centred = contexts - mean
    squared: FloatArray = np.einsum("ij,jk,ik->i", centred, inverse, centred)
    return np.sqrt(np.maximum(squared, 0.0))


def _inverse_covariance(contexts: FloatArray) -> FloatArray:
    covariance = np.cov(contexts, rowvar=False)
    ridge = np.diag(_RIDGE * np.diag(covariance) + 1e-6)
    return np.asarray(np.linalg.inv(covariance + ridge), dtype=np.float64)


def _rounded(values: FloatArray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
