"""The coverage page lists every kind that tfopt knows, as the tables in code have it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tfopt.plan import adapters, coverage

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "coverage.md"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Return the script that writes the page."""
    place = ROOT / "tools" / "coverage_page.py"
    spec = importlib.util.spec_from_file_location("coverage_page", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tables_say(tool: ModuleType) -> None:
    """It was made anew after the last change of a table."""
    assert PAGE.read_text("utf-8") == tool.page(), "run python tools/coverage_page.py"


def test_every_kind_is_on_the_page() -> None:
    """Analysed, read along or listed: each kind is there, and only kinds that are known."""
    listed = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", PAGE.read_text("utf-8")))
    known = adapters.ATTRIBUTES.keys() | coverage.REASONS.keys() | set(adapters.GROUP_KINDS)
    assert listed == known


def test_every_group_kind_says_what_is_read() -> None:
    """Each adapter has a line for each of its kinds, and for no other."""
    for adapter in adapters.ADAPTERS:
        assert set(adapter.ABOUT) == set(adapter.KINDS), adapter
        assert all(about.read for about in adapter.ABOUT.values())


def test_the_page_tells_the_reasons() -> None:
    """Each reason of the table stands in the page beside its kinds."""
    text = PAGE.read_text("utf-8")
    for kind, reason in coverage.REASONS.items():
        if kind not in adapters.GROUP_KINDS:
            row = next(line for line in text.splitlines() if line.startswith(f"| {reason} |"))
            assert f"`{kind}`" in row
