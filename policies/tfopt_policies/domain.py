"""What a policy was trained on, in few numbers: by these a gate tells a strange history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfopt_sim.types import FloatArray

FAR = 2.2  # × the distance that 1 % of the training episodes exceed
BEYOND = 0.75  # of a fact's range in training, past its end
_LEAST_WIDTH = 0.2  # of a range: what did not vary in training must not trip over a trifle
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


@dataclass(frozen=True, slots=True)
class Strange:
    """How a group differs most from what a policy was trained on."""

    feature: str
    value: float
    low: float  # of training, 0.5 % and 99.5 % quantiles
    high: float


def strange(stated: Mapping[str, Any], context: FloatArray) -> Strange | None:
    """Return how a context lies outside a card's domain; None where it lies within.

    Outside is a single fact far beyond its range, or all of them together further from the mean
    than nearly everything trained on: there the policy's judgement is a guess.

    Args:
        stated: the card's "domain", as `domain` returns it.
        context: (features,).
    """
    low, high = np.asarray(stated["low"]), np.asarray(stated["high"])
    width = np.maximum(high - low, _LEAST_WIDTH)
    beyond = np.maximum(np.maximum(low - context, context - high), 0.0) / width
    mean, inverse = np.asarray(stated["mean"]), np.asarray(stated["inverse_covariance"])
    far = float(distance(context[None], mean, inverse)[0]) > FAR * float(stated["distance_p99"])
    if not far and beyond.max() <= BEYOND:
        return None
    worst = int(np.argmax(beyond if beyond.max() > 0 else np.abs(context - mean) / width))
    return Strange(
        str(stated["features"][worst]), float(context[worst]), float(low[worst]), float(high[worst])
    )
