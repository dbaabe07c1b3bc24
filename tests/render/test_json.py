"""The JSON report: described by the shipped schema, finite, stable."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError
from reports import REPORTS, interval

import tfopt
from tfopt.recommendation import Interval, Report
from tfopt.render import render
from tfopt.render.json import json_schema

SCHEMA = Path(tfopt.__file__).parent / "schema" / "recommendation-v1.json"


def test_shipped_schema_is_that_of_the_types(rewrite: bool) -> None:
    """The schema file says what the code writes; `pytest --rewrite` brings it up to date."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    if rewrite:
        SCHEMA.parent.mkdir(exist_ok=True)
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_valid_by_the_shipped_schema(name: str) -> None:
    """Any program can check what it reads against the file we ship."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(render(*REPORTS[name], "json")), schema)


def test_schema_refuses_what_the_contract_does_not_know() -> None:
    """A stray key or a word outside of the contract does not pass."""
    schema = json.loads(SCHEMA.read_text())
    good = json.loads(render(*REPORTS["recommended"], "json"))
    bad_key = {**good, "extra": 1}
    bad_status = json.loads(json.dumps(good).replace('"unchanged"', '"fine"'))
    bad_version = {**good, "schema_version": 2}
    for bad in (bad_key, bad_status, bad_version):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)


@pytest.mark.parametrize("name", REPORTS)
def test_json_reads_back_as_the_same_report(name: str) -> None:
    """Nothing is lost or rounded on the way out, and numbers are numbers."""
    report, patch = REPORTS[name]
    assert Report.model_validate_json(render(report, patch, "json")) == report


def test_series_stand_on_one_line() -> None:
    """A week of hourly figures does not fill the screen."""
    text = render(*REPORTS["recommended"], "json")
    assert len(text.splitlines()) < 700
    assert '"hourly_p05_rps": [ ' in text


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_is_refused(figure: float) -> None:
    """JSON has no number for it, so the report cannot hold it."""
    with pytest.raises(ValidationError):
        Interval(p50=figure, p05=0, p95=0)
    assert interval(1.0).p50 == 1.0
