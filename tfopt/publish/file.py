"""A file as a publisher: it holds the whole new text or is left as it was."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from tfopt.errors import TfoptError

OWN_FOLDER = ".tfopt"  # where recommendations are saved for `tfopt check`: made when first used


def publish_file(text: str, path: Path) -> None:
    """Write `text` to `path` in one step; links are followed, an existing file keeps its mode.

    Raises:
        TfoptError: the folder does not exist or nothing can be written there.
    """
    target = path.resolve()
    if target.parent.name == OWN_FOLDER:
        with suppress(OSError):
            target.parent.mkdir(exist_ok=True)
    if not target.parent.is_dir():
        raise TfoptError("the folder does not exist", where=path, hint="Make it first")
    if target.is_dir():
        raise TfoptError("is a folder, not a file", where=path)
    data = text.encode("utf-8", "surrogateescape")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)  # a pipe or device cannot be replaced
        else:
            _replace(target, data)
    except OSError as error:
        raise TfoptError(f"cannot be written: {error.strerror or error}", where=path) from error


def _replace(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(target))
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, or those a new file would get."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
