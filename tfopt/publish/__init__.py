"""Ways a rendered recommendation leaves the process."""

from __future__ import annotations

from pathlib import Path

from tfopt.publish.file import publish_file
from tfopt.publish.stdout import publish_stdout
from tfopt.publish.workspace import write_patch

__all__ = ["publish_file", "publish_stdout", "publish_text", "write_patch"]


def publish_text(text: str, out: Path | None) -> None:
    """Write `text` to the file `out`, or to standard output where that is None.

    Raises:
        TfoptError: the file cannot be written; it is left as it was.
    """
    if out is None:
        publish_stdout(text)
    else:
        publish_file(text, out)
