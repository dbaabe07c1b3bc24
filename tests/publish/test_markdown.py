"""A whole comment, as each vendor's markdown takes it."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from render.reports import HOSTILE_PATCH, REPORTS, hostile

from tfopt.publish.pull_request.markdown import without_charts, without_html
from tfopt.render import render

TEXTS = [*(render(*REPORTS[name], "github-comment") for name in REPORTS)]


@pytest.mark.parametrize("text", TEXTS, ids=list(REPORTS))
def test_charts_go_and_everything_else_stays(text: str) -> None:
    """With the line that announces one and the colours below it."""
    left = without_charts(text)
    assert "mermaid" not in left
    assert "xychart" not in left
    assert "🟦" not in left
    assert ", the coming" not in left
    before, after = text.split("\n"), left.split("\n")
    assert [line for line in after if line not in before] == []
    assert len(re.findall("^(```diff|<details|###)", left, re.MULTILINE)) == len(
        re.findall("^(```diff|<details|###)", text, re.MULTILINE)
    )


@pytest.mark.parametrize("text", TEXTS, ids=list(REPORTS))
def test_no_tag_is_left_outside_of_code(text: str) -> None:
    """What was in tags is still there to read."""
    words = text.split("\n", maxsplit=1)[1]
    tokens = MarkdownIt("commonmark").enable("table").parse(without_html(words))
    children = [child for token in tokens for child in (token, *(token.children or []))]
    assert not [token.content for token in children if token.type.startswith("html")]
    fences = [t.content for t in MarkdownIt().parse(words) if t.type == "fence"]
    assert [t.content for t in tokens if t.type == "fence"] == fences


def test_tags_become_markdown() -> None:
    """A summary is set in bold, a group's address as code."""
    folded = (
        "<details open><summary><code>a[&#34;x&#34;]</code>: kept</summary>\n\ntext\n\n</details>\n"
    )
    assert without_html(folded) == '**`a["x"]`: kept**\n\ntext\n\n'
    assert without_html("m5 → m7<br>2 \\~ 3\n") == "m5 → m7; 2 ~ 3\n"
    assert without_html("`a<br>` \\~ `\\~`\n") == "`a<br>` ~ `\\~`\n"
    assert without_html("<code>a&#96;b</code>\n") == "a\\`b\n"


def test_mention_stays_apart_without_html() -> None:
    """Its sign and its name are kept apart by a sign that is not seen."""
    text = without_html(render(hostile(), HOSTILE_PATCH, "github-comment").split("\n", 1)[1])
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    seen = [child.content for token in tokens for child in token.children or []]
    assert [content for content in seen if "@\u200broot" in content]
    assert not [content for content in seen if "@root" in content]
