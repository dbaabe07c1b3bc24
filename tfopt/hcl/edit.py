"""Turns changes of literals into a patch: byte splices, comments, and a second reader's check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.align import realign
from tfopt.hcl.annotate import annotate, merged
from tfopt.hcl.diff import unified_diff
from tfopt.hcl.document import Syntax
from tfopt.hcl.literals import respelled
from tfopt.hcl.locate import Leaf
from tfopt.hcl.secret import SecretLines, telling_lines
from tfopt.hcl.syntax import Plain
from tfopt.hcl.witness import Spliced, check
from tfopt.hcl.yaml_comments import annotate_yaml


@dataclass(frozen=True, slots=True)
class Change:
    """One literal and the value that it shall have, or an entry to be added.

    Attributes:
        leaf: where the literal stands, or the entry shall.
        new: the value; it is spelled in the type of the literal that stands there. An entry that is
            added may hold a structure.
        comment: what to say on the changed line (what it was, why, the saving, the date); None
            for no comment. JSON has no comments.
    """

    leaf: Leaf
    new: Plain
    comment: str | None = None

    @property
    def new_text(self) -> str:
        """The literal's new source text; the old one where the value stays the same.

        Where a key is added, its entry: `max = 12`.
        """
        if self.leaf.slot is not None:
            return self.leaf.slot.entry(self.leaf.key, self.new)
        assert self.new is None or isinstance(self.new, bool | int | float | str)
        return respelled(self.leaf.span.document, self.leaf.text, self.new)


@dataclass(frozen=True, slots=True)
class FilePatch:
    """One file as it was read and as it shall be."""

    path: Path
    before: bytes
    after: bytes
    hidden: frozenset[int] = frozenset()  # 1-based lines of `before` that may not be shown


@dataclass(frozen=True, slots=True)
class Patch:
    """What to write, all files or none.

    `notes` name the files that the second reader could not check, or that got no comment.
    """

    files: tuple[FilePatch, ...]
    notes: tuple[str, ...] = ()

    def unified(self, relative_to: Path) -> str:
        """Return a plain unified diff that `git apply` accepts; empty where nothing changes.

        Line endings are the files' own: write it without newline translation. Lines that hold
        sensitive values are not shown, not even as context.

        Raises:
            TfoptError: such a line stands where `git apply` needs to see context.
        """
        return "".join(
            unified_diff(f.path, f.before, f.after, relative_to, f.hidden) for f in self.files
        )


def make_patch(changes: Iterable[Change], secrets: SecretLines | None = None) -> Patch:
    """Return the patch that makes these changes; files are read again and compared.

    Args:
        changes: of any files.
        secrets: the lines of the files that hold sensitive values.

    Raises:
        TfoptError: a file changed since it was traced, two changes disagree about one literal, or
            the edited file does not read back as the same configuration with the new values.
    """
    by_file: dict[Path, list[Change]] = {}
    for change in changes:
        if change.new_text != change.leaf.text:
            by_file.setdefault(change.leaf.file.resolve(), []).append(change)
    files: list[FilePatch] = []
    notes: list[str] = []
    for in_file in by_file.values():
        patch, note = _patch_file(in_file[0].leaf.file, _unique(in_file), secrets or {})
        files.append(patch)
        notes.extend(note)
    return Patch(tuple(files), tuple(notes))


def _unique(changes: Sequence[Change]) -> list[Change]:
    """Return one change per literal or key to be added, first place first."""
    found: dict[tuple[int, str], Change] = {}
    for change in changes:
        other = found.setdefault((change.leaf.start, change.leaf.key), change)
        if other.new_text != change.new_text:
            raise TfoptError(
                f"two different values for {change.leaf.path}: {other.new_text}, {change.new_text}",
                where=f"{change.leaf.label}:{change.leaf.line}",
            )
    return sorted(found.values(), key=lambda change: change.leaf.start)


def _patch_file(
    path: Path, changes: Sequence[Change], secrets: SecretLines
) -> tuple[FilePatch, list[str]]:
    before = _read_again(path, changes)
    edits = [_spliced(list(group)) for _, group in groupby(changes, key=lambda c: c.leaf.start)]
    spliced = _splice(before, edits)
    document, label = changes[0].leaf.span.document, changes[0].leaf.label
    after, notes = _COMMENTED[document.syntax](before, spliced, edits, changes)
    verdict = check(before, after, edits, document.syntax)
    if not verdict.agrees and after != spliced:
        notes = [_NO_PLACE]
        after = spliced
        verdict = check(before, after, edits, document.syntax)
    if not verdict.agrees:
        raise TfoptError("the edited file does not read back as expected: not patched", where=path)
    if verdict.note:
        notes.append(verdict.note)
    hidden = secrets.get(path, frozenset()) | telling_lines(before, document.syntax)
    return FilePatch(path, before, after, hidden), [f"{label}: {note}" for note in notes]


def _read_again(path: Path, changes: Sequence[Change]) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TfoptError(f"cannot read it: {error.strerror}", where=path) from error
    for change in changes:
        leaf = change.leaf
        moved = leaf.slot is not None and data != leaf.span.document.data
        if moved or data[leaf.start : leaf.end] != leaf.text.encode():
            raise TfoptError("changed since it was read", where=path, hint="Run tfopt again")
    return data


def _spliced(changes: Sequence[Change]) -> Spliced:
    """Return one replaced literal, or all entries that are added at one place."""
    leaf = changes[0].leaf
    if leaf.slot is None:
        return Spliced(leaf.start, leaf.end, leaf.text, changes[0].new_text)
    text = leaf.slot.filled([change.new_text for change in changes])
    entries = tuple((change.leaf.key, change.new) for change in changes)
    return Spliced(leaf.start, leaf.end, "", text, entries, leaf.span.start)


def _splice(data: bytes, edits: Sequence[Spliced]) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for edit in edits:
        pieces += [data[done : edit.start], edit.new.encode()]
        done = edit.end
    return b"".join((*pieces, data[done:]))


def _commented(
    before: bytes, spliced: bytes, edits: Sequence[Spliced], changes: Sequence[Change]
) -> tuple[bytes, list[str]]:
    """Return the edited file with its comments, and lined up where it was."""
    after, rows = annotate(spliced, _comments(before, edits, changes))
    known = _origin(before, edits)
    origin = [None if row is None else known[row] for row in rows]
    return realign(before, after, origin), []


def _commented_yaml(
    before: bytes, spliced: bytes, edits: Sequence[Spliced], changes: Sequence[Change]
) -> tuple[bytes, list[str]]:
    rows = (_rows(before, edits, changes), _origin(before, edits))
    after, homeless = annotate_yaml(before, spliced, rows, _comments(before, edits, changes))
    return after, [_NO_PLACE] if homeless else []


def _uncommented(
    _before: bytes, spliced: bytes, _edits: Sequence[Spliced], _changes: Sequence[Change]
) -> tuple[bytes, list[str]]:
    return spliced, []


def _comments(before: bytes, edits: Sequence[Spliced], changes: Sequence[Change]) -> dict[int, str]:
    comments: dict[int, list[str]] = {}
    for change, row in zip(changes, _rows(before, edits, changes), strict=True):
        if change.comment:
            comments.setdefault(row, []).append(change.comment)
    return {row: merged(each) for row, each in comments.items()}


def _rows(before: bytes, edits: Sequence[Spliced], changes: Sequence[Change]) -> list[int]:
    """Return the row of each change in the spliced file."""
    rows: list[int] = []
    places = {edit.start: edit for edit in edits}
    for change in changes:
        edit = places[change.leaf.start]
        above = sum(other.new.count("\n") for other in edits if other.start < edit.start)
        within = 0
        if change.leaf.slot is not None:
            within = edit.new[: edit.new.index(change.new_text)].count("\n")
        rows.append(before.count(b"\n", 0, change.leaf.start) + above + within)
    return rows


def _origin(before: bytes, edits: Sequence[Spliced]) -> list[int | None]:
    """Return the row in the file as it was of each row in the spliced file; None for a new one.

    A literal and its replacement stand on one row; entries may add rows of their own.
    """
    rows: list[int | None] = list(range(before.count(b"\n") + 1))
    for edit in reversed(edits):
        row = before.count(b"\n", 0, edit.start)
        added = edit.new.count("\n")
        at = row if _pushes_down(before, edit) else row + 1
        rows[at:at] = [None] * added
    return rows


def _pushes_down(before: bytes, edit: Spliced) -> bool:
    """Whether what is written at a place moves what stands behind it there to a row below."""
    starts_row = edit.start == 0 or before[edit.start - 1 : edit.start] == b"\n"
    leads = not edit.new.startswith(("\n", "\r")) and edit.new.rstrip(" ").endswith("\n")
    return starts_row or leads


_NO_PLACE = "no comment could be placed safely"

_Commented = Callable[[bytes, bytes, Sequence[Spliced], Sequence[Change]], tuple[bytes, list[str]]]

_COMMENTED: Mapping[Syntax, _Commented] = {
    "hcl": _commented,
    "json": _uncommented,
    "yaml": _commented_yaml,
}
