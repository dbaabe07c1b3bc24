"""A text that is too long ends between its blocks, within the limit, and says so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tfopt.publish.pull_request.cut import characters, cut, utf8_bytes

SENTENCE = "**Cut:** the rest is in the log."
TAIL = f"\n> {SENTENCE}\n"
LINES = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="`~<\r\n\x0b\x0c"), max_size=20
)
FENCED = st.builds(
    lambda mark, inner: f"{mark}diff\n{inner}\n{mark}\n",
    st.sampled_from(["```", "````", "~~~"]),
    st.sampled_from(["-a\n+b", "``", "<details>", "</details>\n\n<details>", " ```x", "é" * 30]),
)
PLAIN = st.one_of(LINES.map(lambda line: f"{line}\n"), st.just("`</details>` and `<details>`\n"))
FOLDED = st.builds(
    lambda parts: f"<details><summary>s</summary>\n\n{''.join(parts)}\n</details>\n",
    st.lists(st.one_of(FENCED, PLAIN), max_size=3),
)
TEXTS = st.lists(st.one_of(FENCED, FOLDED, PLAIN), max_size=12).map("".join)


@given(TEXTS, st.integers(len(TAIL), 400))
def test_nothing_is_left_open_and_the_limit_holds(text: str, limit: int) -> None:
    """Whatever the text is made of: what is kept is its head, whole blocks of it, and the most."""
    kept = cut(text, limit, SENTENCE)
    assert characters(kept) <= limit
    if characters(text) <= limit:
        assert kept == text
        return
    head = kept.removesuffix(TAIL)
    assert kept.endswith(TAIL)
    assert text.startswith(head)
    tokens = MarkdownIt("commonmark").parse(head)
    html = "".join(token.content for token in tokens if token.type == "html_block")
    depth = 0
    for tag in re.findall("</?details>", html):
        depth = max(0, depth + (-1 if "/" in tag else 1))
    assert depth == 0
    fences = [token for token in tokens if token.type == "fence"]
    closed = sum(head.split("\n")[t.map[1] - 1].strip() == t.markup for t in fences if t.map)
    assert closed == len(fences)


@given(st.integers(0, 40), st.integers(len(TAIL), 300))
def test_as_many_lines_are_kept_as_fit(number: int, limit: int) -> None:
    """Of lines that stand alone, not one is lost without need."""
    kept = cut("0123456\n" * number, limit, SENTENCE)
    fitting = number if 8 * number <= limit else (limit - len(TAIL)) // 8
    assert kept.count("0123456") == fitting


def test_sizes_are_counted_as_the_vendor_does() -> None:
    """Signs beyond the first plane are two characters and four bytes."""
    assert (characters("a𝄞"), utf8_bytes("a𝄞")) == (3, 5)
    text = "𝄞\n" * 100
    assert characters(cut(text, 200, SENTENCE)) <= 200
    assert utf8_bytes(cut(text, 200, SENTENCE, size=utf8_bytes)) <= 200


def test_a_limit_without_room_for_the_sentence_is_refused() -> None:
    """A silent cut is worse."""
    with pytest.raises(ValueError, match="no room"):
        cut("text\n" * 100, len(TAIL) - 1, SENTENCE)
