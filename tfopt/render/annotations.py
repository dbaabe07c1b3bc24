"""Workflow commands of GitHub Actions: findings beside the lines of a pull request."""

from __future__ import annotations

from collections import Counter

from tfopt.recommendation import Report
from tfopt.render.findings import Finding, findings
from tfopt.render.plain import plain_report

MOST = 10  # annotations of a kind that GitHub shows of one step


def render_annotations(report: Report, *, below: str, max_slo_risk: float) -> str:
    """Return a line for each finding, the largest savings first, no more than GitHub shows.

    Args:
        report: what was found.
        below: the working directory, from the repository's root; empty where it is that.
        max_slo_risk: the share of weeks that may miss the SLO.
    """
    found = findings(plain_report(report), below=below, max_slo_risk=max_slo_risk)
    shown: Counter[str] = Counter()
    lines = []
    for finding in sorted(found, key=_saving, reverse=True):
        kind = "warning" if finding.serious else "notice"
        shown[kind] += 1
        if shown[kind] <= MOST:
            lines.append(_command(kind, finding))
    return "".join(f"{line}\n" for line in lines)


def _saving(finding: Finding) -> float:
    cost = finding.group.cost
    return cost.saving_monthly_usd.p50 if cost and cost.saving_monthly_usd else 0.0


def _command(kind: str, finding: Finding) -> str:
    title = f"tfopt: {finding.group.address}"
    places = {"file": finding.file, "line": str(finding.line), "title": title}
    properties = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    return f"::{kind} {properties}::{_data(finding.text)}"


def _data(text: str) -> str:
    """Escape as the runner's toolkit does: what is left is one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
