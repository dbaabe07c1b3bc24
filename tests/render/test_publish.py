"""Publishers: all or nothing, the same bytes everywhere, quiet when nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.edit import FilePatch, Patch
from tfopt.publish import publish_text, write_patch


def test_file_holds_the_text_with_its_own_line_ends(tmp_path: Path) -> None:
    """UTF-8, and neither \\n nor \\r\\n is translated."""
    out = tmp_path / "answer.diff"
    publish_text("−38 %\r\nnext\n", out)
    assert out.read_bytes() == "−38 %\r\nnext\n".encode()
    assert list(tmp_path.iterdir()) == [out]


def test_existing_file_keeps_mode_and_link(tmp_path: Path) -> None:
    """What others rely on stays: permissions, and a link still points where it pointed."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    publish_text("new", link)
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_new_file_gets_the_mode_of_any_new_file(tmp_path: Path) -> None:
    """Not the private mode of a temporary file."""
    (tmp_path / "usual").touch()
    publish_text("x", tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_missing_folder_is_told_in_one_line(tmp_path: Path) -> None:
    """A mistyped path is no reason to make folders."""
    with pytest.raises(TfoptError, match="the folder does not exist"):
        publish_text("x", tmp_path / "no" / "answer.json")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_written_to(tmp_path: Path) -> None:
    """`--out .` is a mistake."""
    with pytest.raises(TfoptError, match="is a folder"):
        publish_text("x", tmp_path)


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk does not cost the last good answer, and no debris stays."""
    out = tmp_path / "answer.json"
    out.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TfoptError, match="No space left on device"):
        publish_text("new", out)
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_device_is_written_to_not_replaced() -> None:
    """`--out /dev/null` works and leaves the device."""
    publish_text("x", Path("/dev/null"))
    assert not Path("/dev/null").is_file()


def test_closed_pipe_ends_quietly() -> None:
    """`tfopt … | head -1` is no error and prints no traceback."""
    program = "from tfopt.publish import publish_text; publish_text('line\\n' * 2_000_000, None)"
    pipeline = f'"{sys.executable}" -c "{program}" | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", pipeline],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "line\n0\n"
    assert done.stderr == ""


def test_standard_output_gets_utf_8_whatever_the_locale_says() -> None:
    """A pipe in a C locale gets the same bytes as a file."""
    program = "from tfopt.publish import publish_text; publish_text('−38 % ✓\\r\\n', None)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=env)
    assert done.stdout == "−38 % ✓\r\n".encode()


def test_patch_is_written_to_all_files_or_none(tmp_path: Path) -> None:
    """One file that changed meanwhile keeps the others as they were."""
    first, second = tmp_path / "a.tfvars", tmp_path / "b.tfvars"
    first.write_text("x = 1\n")
    second.write_text("y = 1\n")
    patch = Patch(
        (FilePatch(first, b"x = 1\n", b"x = 2\n"), FilePatch(second, b"y = 1\n", b"y = 2\n"))
    )
    second.write_text("y = 7\n")
    with pytest.raises(TfoptError, match="changed since it was read"):
        write_patch(patch)
    assert (first.read_text(), second.read_text()) == ("x = 1\n", "y = 7\n")
    second.write_text("y = 1\n")
    write_patch(patch)
    assert (first.read_text(), second.read_text()) == ("x = 2\n", "y = 2\n")


def test_empty_patch_touches_nothing(tmp_path: Path) -> None:
    """Nothing changed, nothing written."""
    write_patch(Patch(()))
    assert list(tmp_path.iterdir()) == []
