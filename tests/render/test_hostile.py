"""Nothing that a plan can name acts on a terminal, a browser, GitHub or the next program."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reports import HOSTILE, HOSTILE_PATCH, REPORTS, hostile

from tfopt.marker import target_of
from tfopt.render import FORMATS, render
from tfopt.render.plain import plain
from tfopt.render.templates import Dialect, code, fence, prose

ACTIVE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
OUR_HTML = re.compile(
    r"<!-- tfopt \{[^<>]*\} -->|<!-- -->|<br>|</?(details|summary|code|sub|span)>|<details open>"
)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
READ_BY_PEOPLE = [name for name in FORMATS if name not in ("json", "diff")]


def tokens(text: str) -> list[Token]:
    """Return all tokens of a markdown text, those inside paragraphs too."""
    found = []
    for token in MARKDOWN.parse(text):
        found += [token, *(token.children or [])]
    return found


def shown(markup: str) -> str:
    """Return the text a reader sees of one rendered paragraph."""
    body = MARKDOWN.render(markup).strip()
    return html.unescape(re.sub(r"<!-- -->|</?(p|code|span)>", "", body))


@pytest.mark.parametrize("format_", READ_BY_PEOPLE)
def test_no_control_or_bidirectional_character_is_left(format_: str) -> None:
    """Escape codes and reordering marks are shown as pictures, never sent."""
    text = render(hostile(), HOSTILE_PATCH, format_, width=80)
    assert ACTIVE.findall(text) == []
    assert "␛[31mred" in text.replace("\\", "").replace("&#91;", "[").replace("\n", "")


def test_colour_adds_no_code_but_rich_s_own() -> None:
    """With colour on, the only escape sequences are SGR."""
    text = render(hostile(), HOSTILE_PATCH, "table", width=100, color=True)
    assert "\x1b[1m" in text
    assert ACTIVE.findall(re.sub("\x1b\\[[0-9;]*m", "", text)) == []


@pytest.mark.parametrize("format_", ["markdown", "github-comment", "gitlab-comment"])
def test_markdown_holds_no_html_link_or_image_but_ours(format_: str) -> None:
    """Names are text: the only HTML is from our templates, there is no link and no picture."""
    found = tokens(render(hostile(), HOSTILE_PATCH, format_))
    for token in found:
        assert token.type not in ("link_open", "image", "s_open", "em_open")
        if token.type in ("html_inline", "html_block"):
            rest = OUR_HTML.sub("", token.content)
            assert "<" not in rest, token.content
            assert ">" not in rest, token.content
    headings = [t for i, t in enumerate(found) if i and found[i - 1].type == "heading_open"]
    assert not any(t.content.startswith("owned") for t in headings)


@pytest.mark.parametrize("format_", ["markdown", "github-comment", "gitlab-comment"])
def test_hostile_rows_keep_the_columns_of_their_table(format_: str) -> None:
    """A pipe in a name does not add a cell; a line break does not end a row."""
    text = render(hostile(), HOSTILE_PATCH, format_)
    calm = render(*REPORTS["recommended"], format_)
    headers = [line for line in calm.split("\n") if re.fullmatch(r"\| ?\|? ?[a-zA-Z |/]+\|", line)]
    assert len(headers) >= 3
    kinds = [token.type for token in tokens(text)]
    for row in _rows(tokens(text)):
        assert row in (2, 3, 4, 5)
    assert kinds.count("table_open") == kinds.count("table_close") >= 5


def _rows(found: list[Token]) -> list[int]:
    counts: list[int] = []
    for token in found:
        if token.type == "tr_open":
            counts.append(0)
        elif token.type in ("td_open", "th_open"):
            counts[-1] += 1
    return counts


@pytest.mark.parametrize("format_", ["markdown", "github-comment", "gitlab-comment"])
def test_fences_hold_what_they_should(format_: str) -> None:
    """Backticks in a patch or a block cannot close the fence around them."""
    fences = [t for t in tokens(render(hostile(), HOSTILE_PATCH, format_)) if t.type == "fence"]
    assert [t.info for t in fences if t.info == "diff"] == ["diff"]
    assert {t.info for t in fences} == {"diff", "hcl", "mermaid"}
    diff = next(t.content for t in fences if t.info == "diff")
    assert diff == HOSTILE_PATCH.replace("\x1b", "␛")
    charts = [t.content for t in fences if t.info == "mermaid"]
    assert charts
    for chart in charts:
        assert "evil" not in chart
        assert "script" not in chart


def test_no_mention_issue_or_link_is_left_for_github() -> None:
    """Outside of code, what GitHub links by itself is split."""
    text = render(hostile(), HOSTILE_PATCH, "github-comment")
    in_code = False
    for token in tokens(text):
        if token.type == "html_inline" and "code" in token.content:
            in_code = token.content == "<code>"
        if token.type == "text" and not in_code:
            assert not re.search(r"@\w|#\d|\w://|www\.\w|:\w+:", token.content), token.content


def test_no_reference_of_any_kind_is_left_for_gitlab() -> None:
    """Its signs stand alone in their elements, so that no text holds one before a name or number.

    A backslash does it for money, which is everywhere: GitLab takes no escaped sign for one.
    """
    signs = '@root #1 !2 %3 %"m" ^a $4 &5 GL-6 https://evil.example www.evil.example :tada:'
    markup = str(prose(signs, "gitlab"))
    assert shown(markup) == signs
    for text in re.split(r"</?span>|\\\$", markup):
        seen = html.unescape(text)
        assert not re.search(r'[@#!%^$&]["\w]|GL-\d|\w://|www\.\w|:\w+:', seen), seen


def test_marker_gives_back_exactly_what_it_holds() -> None:
    """The hidden marker is one line of JSON which no value in it can close."""
    first = render(hostile(), HOSTILE_PATCH, "github-comment").split("\n")[0]
    match = re.fullmatch(r"<!-- tfopt (\{[^<>]*\}) -->", first)
    assert match
    assert "--" not in match[1]
    assert json.loads(match[1])["target"] == target_of("", [HOSTILE, HOSTILE])


def test_json_keeps_every_value_and_sends_no_active_character() -> None:
    """A program reads the strings unchanged; a terminal shows them harmless."""
    report = hostile()
    text = render(report, HOSTILE_PATCH, "json")
    assert ACTIVE.findall(text) == []
    assert json.loads(text) == report.model_dump()


def test_diff_is_the_patch_byte_for_byte() -> None:
    """A patch that was made harmless would not apply."""
    assert render(hostile(), HOSTILE_PATCH, "diff") == HOSTILE_PATCH


@given(st.text())
def test_plain_text_is_one_harmless_line(text: str) -> None:
    """Whatever a name holds, it becomes one line without control characters, and stays so."""
    line = plain(text)
    assert ACTIVE.findall(line) == []
    assert "\n" not in line
    assert len(line) <= 400
    assert plain(line) == line


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
@example("__init__")
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_prose_shows_exactly_its_text(dialect: Dialect, text: str) -> None:
    """Markdown made of a text renders as that text, in a paragraph of its own."""
    line = plain(text)
    assert shown(str(prose(line, dialect))).strip() == re.sub(r"\A\s+", " ", line).strip()


@given(st.text(alphabet="`*_[]()<>|~\\#+-=.!&$:@1a \n{}", max_size=30))
def test_prose_and_code_stay_inside_a_table_cell(text: str) -> None:
    """Any mix of markdown's own signs fills one cell, shown as it is."""
    line = plain(text)
    for markup in (str(prose(line)), str(prose(line, "gitlab")), str(code(line))):
        rendered = MARKDOWN.render(f"| a | b |\n|---|---|\n| x{markup} | y |\n")
        cells = re.findall(r"<td>(.*?)</td>", rendered)
        assert len(cells) == 2
        seen = html.unescape(re.sub(r"<!-- -->|</?(code|span)>", "", cells[0]))
        assert re.sub(r"\s+", " ", seen).strip() == re.sub(r"\s+", " ", f"x{line}").strip()


@given(st.text(alphabet="`~ab\n", max_size=40))
def test_a_fence_is_closed_by_nothing_inside(text: str) -> None:
    """The fenced block holds the whole text."""
    found = [t for t in MARKDOWN.parse(str(fence(text, "diff"))) if t.type == "fence"]
    assert len(found) == 1
    assert found[0].content.rstrip("\n") == text.rstrip("\n")
