"""The working tree as a publisher: the patch is applied in place, to all files or to none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfopt.hcl.edit import Patch


def write_patch(patch: Patch) -> None:
    """Apply the patch to the files it names; nothing is opened when there is nothing to change.

    Raises:
        TfoptError: a file changed since it was read or cannot be written; no file is changed.
    """
    from tfopt.hcl.write import write

    if patch.files:
        write(patch)


def below_repository(folder: Path) -> str:
    """Return the folder from the root of its git repository; empty where there is none."""
    for root in (folder, *folder.parents):
        if (root / ".git").exists():
            below = folder.relative_to(root).as_posix()
            return "" if below == "." else below
    return ""
