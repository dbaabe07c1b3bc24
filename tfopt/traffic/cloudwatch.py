"""Reads the saved output of `aws cloudwatch get-metric-data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tfopt.errors import TfoptError
from tfopt.traffic.clock import MomentError, read_moments
from tfopt.traffic.json_file import load_object
from tfopt.traffic.reading import MOST, Points, Reading, gridded
from tfopt_sim.types import FloatArray

_BROKEN = {"InternalError": "CloudWatch failed to answer", "Forbidden": "access was denied"}


def read_cloudwatch_json(
    path: Path, metric: str | None = None, per: Literal["period", "second"] = "period"
) -> Reading:
    """Return requests per second from one metric of a saved answer.

    The answer names neither the period nor the statistic: the period is the step between its
    timestamps, and the values are taken as counts per period (`Sum` of `RequestCount`) unless
    `per="second"` says that they are rates already. The notes tell which.

    Args:
        path: the saved JSON; results in either order, pages of one metric merged.
        metric: Id or Label of the result; may be left out where there is only one.
        per: what the values count.

    Raises:
        TfoptError: not such an answer, no or several results fit, or a value cannot be used.
    """
    path = Path(path)
    answer = load_object(path)
    results = _results(answer, path)
    chosen = _chosen(results, metric, path)
    notes = _status_notes(answer, chosen, path)
    name = str(chosen[0].get("Label") or chosen[0].get("Id"))
    reading = gridded(_points(chosen, path), path, f"{path.name}:{name}", notes)
    step_s = reading.demand.step_s
    if per == "second":
        return replace(reading, notes=[*reading.notes, "values taken as rates per second"])
    demand = replace(reading.demand, rps=reading.demand.rps / step_s)
    said = f"values taken as counts per {step_s} s (statistic Sum), divided by the period"
    return replace(reading, demand=demand, notes=[*reading.notes, said])


def _results(answer: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    if "Datapoints" in answer:
        raise TfoptError(
            "is the output of get-metric-statistics",
            where=path,
            hint="Save `aws cloudwatch get-metric-data` instead",
        )
    results = answer.get("MetricDataResults")
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise TfoptError("has no MetricDataResults: not a get-metric-data answer", where=path)
    for index, result in enumerate(results):
        for name in ("Timestamps", "Values"):
            if not isinstance(result.get(name, []), list):
                raise TfoptError(f"MetricDataResults[{index}].{name} is not a list", where=path)
    if not results:
        raise TfoptError("has no results: the query matched no metric", where=path)
    return results


def _chosen(results: list[dict[str, Any]], metric: str | None, path: Path) -> list[dict[str, Any]]:
    """Return the pages of the one metric that is meant."""
    found = [r for r in results if metric is None or metric in (r.get("Id"), r.get("Label"))]
    names = sorted({f"{r.get('Id')} ({r.get('Label')})" for r in found or results})
    if not found:
        raise TfoptError(f"has no metric '{metric}'; it has {', '.join(names)}", where=path)
    if len(names) > 1:
        raise TfoptError(
            f"has {len(names)} metrics: {', '.join(names)}",
            where=path,
            hint="Save the one that counts requests",
        )
    return found


def _status_notes(answer: dict[str, Any], pages: list[dict[str, Any]], path: Path) -> list[str]:
    notes = []
    for status in {str(page.get("StatusCode", "Complete")) for page in pages}:
        if status in _BROKEN:
            raise TfoptError(f"{_BROKEN[status]} (StatusCode {status})", where=path)
    if answer.get("NextToken"):
        notes.append("the answer has more pages (NextToken): the rest of the history is missing")
    elif pages[-1].get("StatusCode") == "PartialData":
        notes.append("the answer is partial (StatusCode PartialData): some history is missing")
    said = answer.get("Messages")
    messages = [m for m in said if isinstance(m, dict)] if isinstance(said, list) else []
    notes += [f"CloudWatch says: {m.get('Value') or m.get('Code')}" for m in messages]
    return notes


def _points(pages: Sequence[dict[str, Any]], path: Path) -> Points:
    times: list[str] = []
    values: list[Any] = []
    for page in pages:
        page_times, page_values = page.get("Timestamps", []), page.get("Values", [])
        if len(page_times) != len(page_values):
            raise TfoptError(
                f"has {len(page_times)} Timestamps and {len(page_values)} Values", where=path
            )
        times += map(str, page_times)
        values += page_values
    if not values:
        raise TfoptError("has no values: the metric was silent in that period", where=path)
    try:
        moments = read_moments(times)
    except MomentError as problem:
        raise TfoptError(f"Timestamps[{problem.index}]: {problem}", where=path) from None
    return Points(moments, _numbers(values, path))


def _numbers(values: list[Any], path: Path) -> FloatArray:
    for index, value in enumerate(values):
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TfoptError(f"Values[{index}] is not a number: {str(value)[:40]}", where=path)
        if not 0 <= value <= MOST:
            raise TfoptError(f"Values[{index}] is not a count: {value}", where=path)
    return np.array(values, dtype=float)
