"""Each report in each format, as it was last looked at; `pytest --rewrite` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from reports import REPORTS

from tfopt.render import render

CASES = Path(__file__).parent.parent / "cases" / "render"
FILES = {
    "table-80.txt": ("table", {"width": 80}),
    "table-120.txt": ("table", {"width": 120}),
    "table-200-color.txt": ("table", {"width": 200, "color": True}),
    "report.json": ("json", {}),
    "report.md": ("markdown", {}),
    "github-comment.md": ("github-comment", {}),
    "gitlab-comment.md": ("gitlab-comment", {}),
    "report.html": ("html", {}),
    "patch.diff": ("diff", {}),
    "findings.sarif": ("sarif", {"below": "infra"}),
    "junit.xml": ("junit", {"below": "infra"}),
    "llm.json": ("llm", {}),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", REPORTS)
def test_rendered_report_is_as_it_was_last_seen(name: str, file: str, rewrite: bool) -> None:
    """A change of wording or layout shows up as a diff of a file that a person reads."""
    report, patch = REPORTS[name]
    format_, options = FILES[file]
    text = render(report, patch, format_, **options)
    wanted = CASES / name / file
    if rewrite:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.write_bytes(text.encode())
    assert text.encode() == wanted.read_bytes()
