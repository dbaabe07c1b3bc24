"""Reads the saved answer of a Prometheus range query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfopt.errors import TfoptError
from tfopt.traffic.clock import Moments
from tfopt.traffic.json_file import load_object
from tfopt.traffic.reading import MOST, Points, Reading, gridded
from tfopt_sim.types import FloatArray


def read_prometheus_json(path: Path, series: str | None = None) -> Reading:
    """Return requests per second from a saved `/api/v1/query_range` answer.

    Several series are summed, as `sum()` does: at each moment over those that have a value.

    Args:
        path: the saved JSON.
        series: take only series with this label pair (`pod="web-1"`, quotes optional) or, without
            `=`, this label value.

    Raises:
        TfoptError: an error answer, an instant query, no series, or a value that cannot be used.
    """
    path = Path(path)
    answer = load_object(path)
    found = _matrix(answer, path)
    chosen = [one for one in found if series is None or _fits(one["metric"], series)]
    if not chosen:
        names = ", ".join(_name(one["metric"]) for one in found[:8])
        raise TfoptError(f"has no series '{series}'; it has {names}", where=path)
    warnings = answer.get("warnings")
    notes = [f"Prometheus warns: {w}" for w in warnings] if isinstance(warnings, list) else []
    parts = [_samples(one, path) for one in chosen]
    times = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    unusable = int((~np.isfinite(values)).sum())
    if unusable:
        notes.append(f"{unusable} samples are NaN or infinite: left out")
    if len(chosen) > 1:
        notes.append(f"{len(chosen)} series summed")
        times, values = _summed(times, values)
    name = _name(chosen[0]["metric"]) if len(chosen) == 1 else f"sum of {len(chosen)} series"
    finite = np.where(np.isfinite(values), values, np.nan)
    return gridded(Points(Moments(times), finite), path, f"{path.name}:{name}", notes)


def _matrix(answer: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Return the series of the answer, each a dict with `metric` and `values`."""
    if answer.get("status") == "error":
        kind, error = answer.get("errorType", "error"), answer.get("error", "no reason given")
        raise TfoptError(f"is an error answer of Prometheus ({kind}): {error}", where=path)
    data = answer.get("data", answer)
    kind = data.get("resultType") if isinstance(data, dict) else None
    if kind in ("vector", "scalar", "string"):
        raise TfoptError(
            f"is the answer to an instant query ({kind})",
            where=path,
            hint="Ask /api/v1/query_range with start, end and step",
        )
    result = data.get("result") if isinstance(data, dict) else None
    if kind != "matrix" or not isinstance(result, list):
        raise TfoptError("is not the answer to a Prometheus range query", where=path)
    if not result:
        raise TfoptError("has no series: the query matched nothing", where=path)
    for index, one in enumerate(result):
        well = isinstance(one, dict) and isinstance(one.get("metric"), dict)
        if not well or not isinstance(one.get("values"), list):
            raise TfoptError(f"result[{index}] has no metric and values", where=path)
    return result


def _fits(metric: dict[str, str], wanted: str) -> bool:
    label, equals, value = wanted.partition("=")
    if equals:
        return metric.get(label.strip()) == value.strip().strip('"')
    return wanted in metric.values()


def _name(metric: dict[str, str]) -> str:
    labels = ",".join(f'{k}="{v}"' for k, v in metric.items() if k != "__name__")
    return f"{metric.get('__name__', '')}{{{labels}}}"


def _samples(one: dict[str, Any], path: Path) -> tuple[FloatArray, FloatArray]:
    """Return times and values of one series; values as Prometheus writes them, NaN and Inf too."""
    pairs = one["values"]
    try:
        table = np.array([(float(t), float(v)) for t, v in pairs]).reshape(-1, 2)
    except (TypeError, ValueError):
        where = next(i for i, pair in enumerate(pairs) if not _is_sample(pair))
        raise TfoptError(
            f'{_name(one["metric"])} values[{where}] is not [time, "number"]', where=path
        ) from None
    low = np.flatnonzero(table[:, 1] < 0)
    if low.size:
        raise TfoptError(
            f"{_name(one['metric'])} values[{low[0]}] is negative: {pairs[low[0]][1]}",
            where=path,
            hint="Demand counts work: use rate() of a counter",
        )
    high = np.flatnonzero((table[:, 1] > MOST) & np.isfinite(table[:, 1]))
    if high.size:
        value = pairs[high[0]][1]
        raise TfoptError(
            f"{_name(one['metric'])} values[{high[0]}] is above {MOST:g}: {value}", where=path
        )
    return table[:, 0], table[:, 1]


def _is_sample(pair: Any) -> bool:
    try:
        return np.array([float(part) for part in pair]).shape == (2,)
    except (TypeError, ValueError):
        return False


def _summed(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the sum at each moment over the series that have a value there."""
    known = np.isfinite(values)
    moments, where = np.unique(times[known], return_inverse=True)
    return moments, np.bincount(where, weights=values[known]).astype(np.float64)
