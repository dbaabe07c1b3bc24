"""SARIF 2.1.0 (OASIS Standard, 2020): findings on the lines that own them, for code scanning."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from tfopt.recommendation import Report
from tfopt.render.findings import RULES, SLO_RISK, Finding, findings
from tfopt.render.plain import plain_report

_ROOT = "SRCROOT"
_IDS = {name: f"tfopt/{name.replace('_', '-')}" for name in RULES}


def render_sarif(report: Report, *, below: str, max_slo_risk: float) -> str:
    """Return the findings as one run of a SARIF log.

    A change for money's sake alone is a note, one for the service's sake a warning; none is an
    error, since a plan that costs too much is not broken.

    Args:
        report: what was found.
        below: the working directory, from the repository's root; empty where it is that.
        max_slo_risk: the share of weeks that may miss the SLO.
    """
    plain = plain_report(report)
    found = findings(plain, below=below, max_slo_risk=max_slo_risk)
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(plain)},
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The root of the repository."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding) for finding in found],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _driver(report: Report) -> dict[str, Any]:
    return {
        "name": "tfopt",
        "version": report.tool.version,
        "semanticVersion": report.tool.version,
        "rules": [
            {
                "id": _IDS[name],
                "name": "".join(part.title() for part in name.replace("-", "_").split("_")),
                "shortDescription": {"text": text},
                "help": {
                    "text": f"{text} The message names the change, and what the simulated weeks "
                    "cost and missed before and after it. To keep a value, put "
                    "`# tfopt:ignore reason` above its line."
                },
                "defaultConfiguration": {"level": "warning" if name == SLO_RISK else "note"},
            }
            for name, text in RULES.items()
        ],
    }


def _result(finding: Finding) -> dict[str, Any]:
    edit = finding.edit
    result: dict[str, Any] = {
        "ruleId": _IDS[finding.rule],
        "ruleIndex": list(RULES).index(finding.rule),
        "level": "warning" if finding.serious else "note",
        "message": {"text": finding.text},
        "locations": [_location(finding)],
        "partialFingerprints": {"tfoptFinding/v1": finding.fingerprint},
    }
    if edit and edit.trace:
        result["properties"] = {"trace": edit.trace}
    replaced = _replacement(finding)
    if replaced:
        change = {"artifactLocation": _artifact(finding.file), "replacements": [replaced]}
        result["fixes"] = [
            {"description": {"text": "Set the proven value."}, "artifactChanges": [change]}
        ]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    region = {"startLine": finding.line}  # a whole line: bytes of it would contradict that (§3.30)
    place = {"artifactLocation": _artifact(finding.file), "region": region}
    name = {"fullyQualifiedName": finding.group.address, "kind": "resource"}
    return {"physicalLocation": place, "logicalLocations": [name]}


def _replacement(finding: Finding) -> dict[str, Any] | None:
    """Return what to put in place of the literal; None where one does not stand there yet.

    The report knows its bytes, not its columns: a binary replacement, as the standard calls that.
    """
    edit = finding.edit
    if finding.rule == SLO_RISK or edit is None or edit.file is None:
        return None
    if edit.old is None or edit.new is None or edit.byte_range is None:
        return None
    begin, end = edit.byte_range
    deleted = {"byteOffset": begin, "byteLength": end - begin}
    inserted = base64.b64encode(edit.new.encode("utf-8", "surrogateescape")).decode("ascii")
    return {"deletedRegion": deleted, "insertedContent": {"binary": inserted}}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file), "uriBaseId": _ROOT}
