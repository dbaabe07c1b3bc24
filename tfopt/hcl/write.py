"""Writes a patch to disk: all files or none."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.edit import FilePatch, Patch

_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write(patch: Patch) -> None:
    """Replace the files of a patch; links are followed, modes kept.

    Every new content is on disk before the first file is replaced; if a replacement fails, the
    files replaced before it get their old content back.

    Raises:
        TfoptError: a file changed since it was read, is read-only or cannot be written; nothing is
            changed.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for file in patch.files:
            staged.append((_stage(file), file.path.resolve()))
        _replace_all(patch.files, staged)
    finally:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink()


def _stage(file: FilePatch) -> Path:
    """Return a synced temporary file beside the target with the new content and the old mode."""
    target = file.path.resolve()
    try:
        if target.read_bytes() != file.before:
            raise TfoptError("changed since it was read", where=file.path, hint="Run tfopt again")
        if not target.stat().st_mode & _ANY_WRITE:  # a rename would not ask
            raise TfoptError("is read-only", where=file.path, hint="Make it writable: chmod u+w")
        return _temporary(target, file.after)
    except OSError as error:
        raise TfoptError(f"cannot write it: {error.strerror}", where=file.path) from error


def _temporary(target: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tfopt", dir=target.parent)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        path.chmod(target.stat().st_mode & 0o7777)
    except OSError:
        path.unlink()
        raise
    return path


def _replace_all(files: Sequence[FilePatch], staged: Sequence[tuple[Path, Path]]) -> None:
    done: list[tuple[FilePatch, Path]] = []
    for file, (temporary, target) in zip(files, staged, strict=True):
        try:
            temporary.replace(target)
        except OSError as error:
            for earlier, place in done:
                _temporary(place, earlier.before).replace(place)
            raise TfoptError(f"cannot write it: {error.strerror}", where=file.path) from error
        done.append((file, target))
