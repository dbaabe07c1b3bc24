"""Writing a patch: all files or none, links followed, modes kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.edit import FilePatch, Patch
from tfopt.hcl.write import write


def patch_of(*files: tuple[Path, bytes, bytes]) -> Patch:
    return Patch(tuple(FilePatch(path, before, after) for path, before, after in files))


def test_files_are_replaced_and_modes_kept(tmp_path: Path) -> None:
    """Both files hold the new bytes, the mode stays, and nothing is left behind."""
    one, two = tmp_path / "one.tf", tmp_path / "two.tf"
    one.write_bytes(b"a = 1\r\n")
    two.write_bytes(b"b = 2")
    one.chmod(0o640)
    write(patch_of((one, b"a = 1\r\n", b"a = 3\r\n"), (two, b"b = 2", b"b = 4")))
    assert (one.read_bytes(), two.read_bytes()) == (b"a = 3\r\n", b"b = 4")
    assert stat.S_IMODE(one.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tf", "two.tf"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that a link points to is replaced, not the link."""
    real, link = tmp_path / "real.tfvars", tmp_path / "link.tfvars"
    real.write_bytes(b"a = 1\n")
    link.symlink_to(real.name)
    write(patch_of((link, b"a = 1\n", b"a = 2\n")))
    assert link.is_symlink()
    assert real.read_bytes() == b"a = 2\n"


def test_a_file_that_changed_meanwhile_stops_everything(tmp_path: Path) -> None:
    """If any file is not as it was read, no file is touched."""
    one, two = tmp_path / "one.tf", tmp_path / "two.tf"
    one.write_bytes(b"a = 1\n")
    two.write_bytes(b"b = 9\n")
    with pytest.raises(TfoptError, match="changed since it was read"):
        write(patch_of((one, b"a = 1\n", b"a = 2\n"), (two, b"b = 2\n", b"b = 3\n")))
    assert one.read_bytes() == b"a = 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tf", "two.tf"]


def test_a_read_only_file_stops_everything(tmp_path: Path) -> None:
    """Whoever took the right to write away meant it, also where a rename (or root) could."""
    one, two = tmp_path / "one.tf", tmp_path / "two.tf"
    one.write_bytes(b"a = 1\n")
    two.write_bytes(b"b = 2\n")
    two.chmod(0o444)
    with pytest.raises(TfoptError, match=r"two\.tf: is read-only\. Make it writable"):
        write(patch_of((one, b"a = 1\n", b"a = 2\n"), (two, b"b = 2\n", b"b = 3\n")))
    assert (one.read_bytes(), two.read_bytes()) == (b"a = 1\n", b"b = 2\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tf", "two.tf"]


def test_a_failure_half_way_is_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second replacement fails, the first file gets its old content back."""
    one, two = tmp_path / "one.tf", tmp_path / "two.tf"
    one.write_bytes(b"a = 1\n")
    two.write_bytes(b"b = 2\n")
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target == two:
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(TfoptError, match=r"two\.tf: cannot write it: Permission denied"):
        write(patch_of((one, b"a = 1\n", b"a = 2\n"), (two, b"b = 2\n", b"b = 3\n")))
    assert (one.read_bytes(), two.read_bytes()) == (b"a = 1\n", b"b = 2\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tf", "two.tf"]
