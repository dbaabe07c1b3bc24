"""Answers for machines: schema version 1, described by the files in `tfopt/schema`."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from tfopt.recommendation import SCHEMA_VERSION, Report

# valid inside JSON strings as they are, yet a terminal or an editor would act on them
_ACTIVE = re.compile("[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# an array of numbers over many lines; strings hold no line break, so none can look like one
_SERIES = re.compile(r"\[\n(?:[\s\d.,eE+-]|null)+\]")


def render_json(report: BaseModel) -> str:
    """Return the report as JSON; every string keeps its value, active characters are escaped."""
    text = _SERIES.sub(lambda match: " ".join(match[0].split()), report.model_dump_json(indent=2))
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def json_schema(answer: type[BaseModel] = Report, name: str = "recommendation") -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `render_json` writes of an `answer`."""
    schema = answer.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tfopt:{name}-v{SCHEMA_VERSION}",
        **schema,
        "title": f"tfopt {name}",
    }
