"""The working tree as a publisher: the patch is applied in place, to all files or to none."""

from __future__ import annotations

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
