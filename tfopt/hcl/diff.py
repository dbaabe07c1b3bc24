"""Spells the difference of two files as a plain unified diff, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff as difflib_diff
from os.path import relpath
from pathlib import Path


def unified_diff(path: Path, before: bytes, after: bytes, relative_to: Path) -> str:
    """Return the diff of one file, without a `diff --git` line; empty where nothing differs.

    Lines end only at line feeds, so that carriage returns stay part of their lines.
    """
    name = Path(relpath(path.absolute(), relative_to.absolute())).as_posix()
    # git reads a name with spaces up to a tab.
    tab = "\t" if any(char.isspace() for char in name) else ""
    lines = difflib_diff(
        list(_lines(before)), list(_lines(after)), f"a/{name}{tab}", f"b/{name}{tab}", lineterm=""
    )
    return "".join(_finished(line) for line in lines)


def _lines(data: bytes) -> Iterator[str]:
    *whole, rest = data.decode("utf-8").split("\n")
    yield from (line + "\n" for line in whole)
    if rest:
        yield rest


def _finished(line: str) -> str:
    if line.endswith("\n"):
        return line
    if line.startswith(("--- ", "+++ ", "@@ ")):
        return line + "\n"
    return line + "\n\\ No newline at end of file\n"
