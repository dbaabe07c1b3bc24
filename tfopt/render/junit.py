"""JUnit XML, as test reports of pipelines read it: a suite a plan, a case a group."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tfopt.recommendation import Group, Report
from tfopt.render.findings import Finding, findings
from tfopt.render.plain import plain_report

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render_junit(report: Report, *, below: str, max_slo_risk: float) -> str:
    """Return the report as XML; a group with something to act on is a failure.

    Args:
        report: what was found.
        below: the working directory, from the repository's root; empty where it is that.
        max_slo_risk: the share of weeks that may miss the SLO.
    """
    plain = plain_report(report)
    found: dict[tuple[str | None, str], list[Finding]] = {}
    for finding in findings(plain, below=below, max_slo_risk=max_slo_risk):
        found.setdefault((finding.group.plan, finding.group.address), []).append(finding)
    root = ElementTree.Element("testsuites", name="tfopt")
    suites: dict[str, list[Group]] = {plan.path: [] for plan in plain.plans or [plain.plan]}
    for group in plain.groups:
        suites.get(group.plan or "", suites[plain.plan.path]).append(group)
    for path, groups in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", name=_text(path))
        for group in groups:
            _case(suite, group, found.get((group.plan, group.address), []))
        suite.set("tests", str(len(groups)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", "0")
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _case(suite: ElementTree.Element, group: Group, found: list[Finding]) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_text(group.kind), name=_text(group.address)
    )
    if group.status == "not-analysed":
        ElementTree.SubElement(case, "skipped", message=_text(group.reason))
    elif found:
        kind = "slo-risk" if any(finding.serious for finding in found) else "savings"
        failure = ElementTree.SubElement(case, "failure", type=kind, message=_text(group.reason))
        lines = [f"{finding.file}:{finding.line}: {finding.text}" for finding in found]
        failure.text = _text("\n".join(lines))


def _text(text: str) -> str:
    """Return the text without what no XML document can hold."""
    return _NOT_XML.sub("\ufffd", text)
