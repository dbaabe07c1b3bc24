"""Saved answers of CloudWatch and Prometheus: read as they come, refused with a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfopt.errors import TfoptError
from tfopt.traffic import Reading, read_cloudwatch_json, read_prometheus_json

START = datetime(2026, 3, 2, tzinfo=UTC)
COUNT = 864  # three days of five minutes
ONE_FOLDER = [HealthCheck.function_scoped_fixture]  # every example overwrites the same file
KEYS = "status data resultType result metric values warnings Id Label MetricDataResults"
MORE_KEYS = "Timestamps Values Messages StatusCode"


def save(folder: Path, answer: object) -> Path:
    path = folder / "answer.json"
    path.write_text(answer if isinstance(answer, str) else json.dumps(answer))
    return path


def metric(count: int = COUNT, **more: Any) -> dict[str, Any]:
    """One CloudWatch result, newest first as the service sends it by default: 600 per period."""
    times = [(START + timedelta(seconds=300 * i)).isoformat() for i in range(count)]
    return {
        "Id": "m1",
        "Label": "RequestCount",
        "Timestamps": times[::-1],
        "Values": [600.0] * count,
        "StatusCode": "Complete",
        **more,
    }


def cloudwatch(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"MetricDataResults": list(results), "Messages": [], **more}


def series(count: int = COUNT, value: object = "2.5", **labels: str) -> dict[str, Any]:
    """One Prometheus series, a sample every five minutes."""
    times = [START.timestamp() + 300 * i for i in range(count)]
    return {"metric": {"job": "web", **labels}, "values": [[t, value] for t in times]}


def prometheus(*result: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(result)}, **more}


def noted(reading: Reading, words: str) -> bool:
    return any(words in note for note in reading.notes)


def test_cloudwatch_counts_become_rates(tmp_path: Path) -> None:
    """600 requests in each five minutes are 2 per second; the assumption is noted."""
    reading = read_cloudwatch_json(save(tmp_path, cloudwatch(metric())))
    assert reading.demand.start == START
    assert reading.demand.step_s == 300
    assert reading.demand.rps.tolist() == [2.0] * COUNT
    assert noted(reading, "counts per 300 s (statistic Sum)")
    assert reading.source == "answer.json:RequestCount"


def test_cloudwatch_rates_stay_rates(tmp_path: Path) -> None:
    """`per="second"` takes the values as they are, and says so."""
    reading = read_cloudwatch_json(save(tmp_path, cloudwatch(metric())), per="second")
    assert reading.demand.rps.tolist() == [600.0] * COUNT
    assert noted(reading, "rates per second")


def test_cloudwatch_order_does_not_matter(tmp_path: Path) -> None:
    """Ascending and descending answers are the same series."""
    up = metric(Values=list(range(COUNT)))
    up["Timestamps"] = up["Timestamps"][::-1]
    down = metric(Values=list(range(COUNT))[::-1])
    first = read_cloudwatch_json(save(tmp_path, cloudwatch(up)), per="second")
    second = read_cloudwatch_json(save(tmp_path, cloudwatch(down)), per="second")
    assert first.demand.rps.tolist() == second.demand.rps.tolist() == list(range(COUNT))
    assert second.unsorted == 0


def test_cloudwatch_pages_are_joined(tmp_path: Path) -> None:
    """The same Id in two pages is one series."""
    whole = metric()
    parts = [
        {**whole, "Timestamps": whole["Timestamps"][cut], "Values": whole["Values"][cut]}
        for cut in (slice(0, 400), slice(400, None))
    ]
    reading = read_cloudwatch_json(save(tmp_path, cloudwatch(*parts)))
    assert (reading.demand.rps.size, reading.gaps) == (COUNT, 0)


@pytest.mark.parametrize("wanted", ["m2", "TargetResponseTime"])
def test_cloudwatch_choice_by_id_or_label(tmp_path: Path, wanted: str) -> None:
    """One of several metrics, by either of its names."""
    other = metric(Id="m2", Label="TargetResponseTime", Values=[300.0] * COUNT)
    path = save(tmp_path, cloudwatch(metric(), other))
    assert read_cloudwatch_json(path, wanted).demand.rps.tolist() == [1.0] * COUNT
    with pytest.raises(TfoptError, match=r"has 2 metrics: m1 \(RequestCount\), m2"):
        read_cloudwatch_json(path)
    with pytest.raises(TfoptError, match="has no metric 'm3'"):
        read_cloudwatch_json(path, "m3")


@pytest.mark.parametrize(
    ("result", "answer", "note"),
    [
        ({"StatusCode": "PartialData"}, {}, "partial"),
        ({}, {"NextToken": "abc"}, "more pages"),
        ({}, {"Messages": [{"Code": "X", "Value": "Maximum reached"}]}, "Maximum reached"),
    ],
)
def test_cloudwatch_incomplete_answers_are_noted(
    tmp_path: Path, result: dict[str, Any], answer: dict[str, Any], note: str
) -> None:
    """What CloudWatch left out is said."""
    path = save(tmp_path, cloudwatch(metric(**result), **answer))
    assert noted(read_cloudwatch_json(path), note)


CLOUDWATCH_REFUSED = {
    "not json": ("{", "is not JSON"),
    "a list": ("[]", "is not a JSON object"),
    "other command": ({"Datapoints": []}, "get-metric-statistics"),
    "other json": ({"a": 1}, "has no MetricDataResults"),
    "no result": (cloudwatch(), "matched no metric"),
    "silent": (cloudwatch(metric(0)), "silent in that period"),
    "forbidden": (cloudwatch(metric(StatusCode="Forbidden")), "access was denied"),
    "failed": (cloudwatch(metric(StatusCode="InternalError")), "failed to answer"),
    "negative": (cloudwatch(metric(Values=[1.0] * 863 + [-1.0])), "Values[863] is not a count"),
    "huge": (cloudwatch(metric(Values=[1e308] * COUNT)), "Values[0] is not a count"),
    "text": (cloudwatch(metric(Values=["x"] * COUNT)), "Values[0] is not a number"),
    "uneven": (cloudwatch(metric(Values=[1.0])), "864 Timestamps and 1 Values"),
    "bad time": (cloudwatch(metric(2, Timestamps=["now", "then"])), "Timestamps[0]: 'now'"),
}


@pytest.mark.parametrize("name", CLOUDWATCH_REFUSED)
def test_cloudwatch_refusals(tmp_path: Path, name: str) -> None:
    """Each kind of wrong answer has its own line, with the file in front."""
    answer, message = CLOUDWATCH_REFUSED[name]
    path = save(tmp_path, answer)
    with pytest.raises(TfoptError) as refused:
        read_cloudwatch_json(path)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(path))


def test_prometheus_range_query(tmp_path: Path) -> None:
    """One series is taken as rates per second."""
    reading = read_prometheus_json(save(tmp_path, prometheus(series(pod="a"))))
    assert reading.demand.start == START
    assert reading.demand.rps.tolist() == [2.5] * COUNT
    assert reading.source == 'answer.json:{job="web",pod="a"}'


def test_prometheus_series_are_summed(tmp_path: Path) -> None:
    """Several series add up, over those that have a value; it is noted."""
    late = series(pod="b", value="1")
    late["values"] = late["values"][100:]
    reading = read_prometheus_json(save(tmp_path, prometheus(series(pod="a"), late)))
    assert reading.demand.rps[:100] == pytest.approx(2.5)
    assert reading.demand.rps[100:] == pytest.approx(3.5)
    assert noted(reading, "2 series summed")


@pytest.mark.parametrize("wanted", ['pod="b"', "pod=b", "b"])
def test_prometheus_choice_by_label(tmp_path: Path, wanted: str) -> None:
    """One of several series, by a label pair or a label value."""
    path = save(tmp_path, prometheus(series(pod="a"), series(pod="b", value="7")))
    assert read_prometheus_json(path, wanted).demand.rps.tolist() == [7.0] * COUNT
    with pytest.raises(TfoptError, match=r"has no series 'pod=c'; it has \{job"):
        read_prometheus_json(path, "pod=c")


def test_prometheus_nan_and_infinity_are_gaps(tmp_path: Path) -> None:
    """0/0 and x/0 in a query leave a gap, and a note."""
    one = series()
    one["values"][5][1] = "NaN"
    one["values"][6][1] = "+Inf"
    reading = read_prometheus_json(save(tmp_path, prometheus(one)))
    assert np.flatnonzero(np.isnan(reading.demand.rps)).tolist() == [5, 6]
    assert noted(reading, "2 samples are NaN or infinite")


def test_prometheus_warnings_are_passed_on(tmp_path: Path) -> None:
    """A truncated answer says so in `warnings`."""
    path = save(tmp_path, prometheus(series(), warnings=["results truncated"]))
    assert noted(read_prometheus_json(path), "results truncated")


PROMETHEUS_REFUSED = {
    "error": (
        {"status": "error", "errorType": "bad_data", "error": "parse error"},
        "error answer of Prometheus (bad_data): parse error",
    ),
    "vector": (
        {"status": "success", "data": {"resultType": "vector", "result": []}},
        "instant query (vector)",
    ),
    "nothing": (prometheus(), "matched nothing"),
    "other json": ({"a": 1}, "not the answer to a Prometheus range query"),
    "data is a list": ({"status": "success", "data": []}, "not the answer to a Prometheus"),
    "no values": (prometheus({"metric": {}}), "result[0] has no metric and values"),
    "negative": (prometheus(series(value="-1")), "values[0] is negative"),
    "huge": (prometheus(series(value="1e308")), "values[0] is above 1e+12: 1e308"),
    "text": (prometheus(series(value="x")), 'values[0] is not [time, "number"]'),
    "lone number": (
        prometheus({"metric": {}, "values": [[1, "2"], 3]}),
        'values[1] is not [time, "number"]',
    ),
    "empty series": (prometheus(series(0)), "holds 0 measured points"),
}


@pytest.mark.parametrize("name", PROMETHEUS_REFUSED)
def test_prometheus_refusals(tmp_path: Path, name: str) -> None:
    """Each kind of wrong answer has its own line, with the file in front."""
    answer, message = PROMETHEUS_REFUSED[name]
    path = save(tmp_path, answer)
    with pytest.raises(TfoptError) as refused:
        read_prometheus_json(path)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(path))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(f"{KEYS} {MORE_KEYS}".split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=ONE_FOLDER)
@given(
    answer=st.one_of(
        JSON,
        st.builds(lambda r: {"MetricDataResults": r}, st.lists(JSON, max_size=2)),
        st.builds(
            lambda r: {"status": "success", "data": {"resultType": "matrix", "result": r}},
            st.lists(JSON, max_size=2),
        ),
    )
)
def test_any_json_is_read_or_refused(tmp_path: Path, answer: object) -> None:
    """No JSON makes a reader fall over: it is a series or a clear line."""
    path = save(tmp_path, answer)
    for read in (read_cloudwatch_json, read_prometheus_json):
        with pytest.raises(TfoptError):
            read(path)
