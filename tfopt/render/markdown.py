"""The full report as markdown: everything the table says, the charts, the proof and the patch."""

from __future__ import annotations

from tfopt.recommendation import Report
from tfopt.render.plain import plain_lines, plain_report
from tfopt.render.templates import render_template
from tfopt.render.view import report_view


def render_markdown(report: Report, patch: str) -> str:
    """Return the report and the patch as GitHub-flavoured markdown."""
    view = report_view(plain_report(report))
    return render_template("report.md.j2", report=view, patch=plain_lines(patch))
