"""The step summary: appended to, and never made longer than GitHub shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from ci_job import WORDS

from tfopt.errors import TfoptError
from tfopt.publish.pull_request.environment import Environment
from tfopt.publish.pull_request.fallback import show_instead

MIB = 1024 * 1024


def summary(path: Path) -> Environment:
    return Environment({"GITHUB_STEP_SUMMARY": str(path)})


def test_text_goes_behind_what_is_there(tmp_path: Path) -> None:
    """Another command of the step may have written."""
    path = tmp_path / "summary"
    path.write_text("before\n")
    assert show_instead(WORDS, summary(path)) == "the step summary"
    assert path.read_text() == f"before\n\n{WORDS}"


def test_text_is_cut_to_the_room_that_is_left(tmp_path: Path) -> None:
    """In bytes."""
    path = tmp_path / "summary"
    path.write_text("x" * (MIB - 1000))
    show_instead("é\n" * 5000, summary(path))
    assert MIB - 10 < path.stat().st_size <= MIB
    assert path.read_text().count("Cut to fit the step summary") == 1


def test_full_summary_leaves_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rather than a summary that GitHub drops as a whole."""
    path = tmp_path / "summary"
    path.write_text("x" * (MIB - 50))
    assert "standard output" in show_instead(WORDS, summary(path))
    assert path.stat().st_size == MIB - 50
    assert capsys.readouterr().out == WORDS


def test_summary_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(TfoptError, match="GITHUB_STEP_SUMMARY: cannot be written"):
        show_instead(WORDS, summary(tmp_path))
