"""Finds and reads the data files of a configuration: what `file()` and its kin are given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from os.path import relpath
from pathlib import Path

from tfopt.hcl.document import Document, Ownership
from tfopt.hcl.values import Unknown

_BRACES = re.compile(r"\{([^{}]*)\}")
_PIECE = re.compile(r"\[\^?[A-Za-z0-9_.,-]+\]|[^\[\]{}\\]")
_PIECES = {"*": "[^/]*", "?": "[^/]"}
_MANAGED = ".terraform"  # what `terraform init` downloads


@dataclass(frozen=True)
class DataFiles:
    """The files beside a configuration, each read once.

    Attributes:
        folder: the configuration directory, or None where only a saved plan is at hand.
        found: what was read, by resolved path; at first the variable files, so that one that is
            read as data too stays the same document.
    """

    folder: Path | None = None
    found: dict[Path, Document | Unknown] = field(default_factory=dict)

    def read(self, written: str, module: Path, owner: Ownership, where: str) -> Document | Unknown:
        """Return the file that a path leads to, or why it cannot be read.

        Args:
            written: the path as the configuration has it.
            module: the folder of the module that asks, relative to the configuration directory.
            owner: whose files that module's are.
            where: the place that asks, for messages.
        """
        place = self.locate(written, module, where)
        if isinstance(place, Unknown):
            return place
        if place not in self.found:
            self.found[place] = self._document(place, module, owner)
        found = self.found[place]
        if isinstance(found, Unknown):
            return Unknown(found.reason, where, found.fails)
        return found

    def locate(self, written: str, module: Path, where: str) -> Path | Unknown:
        """Return where a path leads, within the configuration directory or the module's folder."""
        if self.folder is None:
            return Unknown("a saved plan holds no data files: name --config-dir", where)
        place = (self.folder / written).resolve()
        inside = (self._root, (self.folder / module).resolve())
        if written.startswith("~") or not any(place.is_relative_to(home) for home in inside):
            return Unknown(f"{written} stands outside the configuration directory", where)
        return place

    @cached_property
    def _root(self) -> Path:
        assert self.folder is not None
        return self.folder.resolve()

    def _document(self, place: Path, module: Path, owner: Ownership) -> Document | Unknown:
        assert self.folder is not None
        label = Path(relpath(place, self._root)).as_posix()
        try:
            data = place.read_bytes()
        except FileNotFoundError:
            return Unknown(f"no such file: {label}", "", fails=True)
        except OSError as error:
            return Unknown(f"cannot read {label}: {error.strerror}", "", fails=place.is_dir())
        path = self.folder / label
        return Document(path, label, data, self._owner(place, module, owner), role="data")

    def _owner(self, place: Path, module: Path, owner: Ownership) -> Ownership:
        assert self.folder is not None
        if place.is_relative_to(self._root):
            if _MANAGED in place.relative_to(self._root).parts:
                return "vendored"
            own = place.is_relative_to((self.folder / module).resolve())
            return owner if own and owner in ("vendored", "local-module") else "root"
        return owner if owner == "vendored" else "outside"


def matching(folder: Path, pattern: str) -> list[str]:
    """Return the files under a folder that a pattern of `fileset()` names.

    As Terraform's: `**` is any number of folders, `{a,b}` a choice, `*` takes leading dots too.

    Raises:
        ValueError: the pattern is not understood here.
    """
    found: set[str] = set()
    for segments in product(*(_choices(segment) for segment in pattern.split("/"))):
        patterns = [_regex(segment) for segment in segments if segment != "."]
        found.update(_walk(folder, patterns, ""))
    return sorted(found)


def _choices(segment: str) -> list[str]:
    """Return a segment with its braces written out."""
    braces = _BRACES.search(segment)
    if braces is None:
        return [segment]
    heads = (segment[: braces.start()] + word for word in braces[1].split(","))
    return [choice for head in heads for choice in _choices(head + segment[braces.end() :])]


def _regex(segment: str) -> re.Pattern[str] | None:
    """Return the regular expression of one segment; None for `**`."""
    if segment == "**":
        return None
    if segment in ("", ".."):
        raise ValueError("a pattern that leaves the folder")
    pieces = [_PIECES.get(piece[0], piece[0]) for piece in _PIECE.finditer(segment)]
    if "".join(piece[0] for piece in _PIECE.finditer(segment)) != segment:
        raise ValueError("a pattern that is not understood")
    return re.compile("".join(piece if len(piece) > 1 else re.escape(piece) for piece in pieces))


def _walk(folder: Path, patterns: Sequence[re.Pattern[str] | None], prefix: str) -> Iterator[str]:
    if not patterns:
        return
    first, rest = patterns[0], patterns[1:]
    if first is None:
        yield from _walk(folder, rest or [re.compile(".*")], prefix)
    for entry in folder.iterdir() if folder.is_dir() else ():
        name = prefix + entry.name
        if first is None:
            if entry.is_dir() and not entry.is_symlink():
                yield from _walk(entry, patterns, name + "/")
        elif first.fullmatch(entry.name):
            if rest:
                yield from _walk(entry, rest, name + "/")
            elif entry.is_file():
                yield name
