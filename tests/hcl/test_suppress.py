"""`tfopt:ignore` comments: where they stand, what they cover, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfopt.hcl.document import Document
from tfopt.hcl.suppress import Rules, suppressed


def told(text: str, line: int, *rules: str, name: str = "main.tf") -> str | None:
    known = frozenset(("min_size", "max_size", *rules))
    found = suppressed(
        Document(Path(name), name, text.encode()), line, Rules(frozenset(rules), known)
    )
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("min = 3 # tfopt:ignore two per zone\n", 1),
        ("min = 3 // tfopt:ignore two per zone\n", 1),
        ("min = 3 /* tfopt:ignore two per zone */\n", 1),
        ("# tfopt:ignore two per zone\nmin = 3\n", 2),
        ("# tfopt:ignore two per zone\r\nmin = 3\r\n", 2),
        ("min = 3 # tfopt:ignore=min_size two per zone\n", 1),
        ("min = 3 # tfopt:ignore=max_size,min_size two per zone\n", 1),
        ("min = 3 # tfopt:ignore=all two per zone\n", 1),
        ("min = 3 # tfopt:ignore=min-size two per zone\n", 1),  # mistyped: meant to protect
    ],
)
def test_a_comment_covers_its_line_and_the_one_below_it(text: str, line: int) -> None:
    """On the line itself, or alone on the line above; for its rules, or for all."""
    where = f"main.tf:{text[: text.index('tfopt')].count(chr(10)) + 1}"
    assert told(text, line, "min_size") == f"tfopt:ignore at {where}: two per zone"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("min = 3 # tfopt:ignore=max_size not this\n", 1),
        ("min = 3 # tfopt:ignore the line above\nmax = 4\n", 2),
        ("min = 3\n# tfopt:ignore below\n", 1),
        ("min = 3 # tfopt: was 4; 2026-08-01\n", 1),
        ("min = 3 # tfopt:ignored\n", 1),
        ("min = 3 # see tfopt\n", 1),
    ],
)
def test_what_it_does_not_cover(text: str, line: int) -> None:
    """Another rule, the line after a trailing one, our own comments, other words."""
    assert told(text, line, "min_size") is None


def test_a_json_file_is_covered_by_its_top_level_comment() -> None:
    """JSON has no comments: the top-level `//` speaks for the whole file."""
    said = '["owned by x", "tfopt:ignore=min_size frozen"]'
    text = f'{{\n  "//": {said},\n  "a": {{"//": "tfopt:ignore"}}\n}}'
    name = "main.tf.json"
    assert told(text, 3, "min_size", name=name) == "tfopt:ignore at main.tf.json:2: frozen"
    assert told(text, 3, "max_size", name=name) is None
    assert told('{"a": {"//": "tfopt:ignore"}}', 1, "min_size", name=name) is None
