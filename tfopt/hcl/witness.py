"""Checks an edited file with other readers than the one that made the edit.

python-hcl2 parses the file before and after: the value trees may differ in the edited leaves alone.
The token sequences of tree-sitter are compared too, and stand alone where python-hcl2 cannot read
the original. JSON is read by the standard library, YAML by libyaml.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

from tfopt.hcl.align import leaves
from tfopt.hcl.document import BOM, Syntax
from tfopt.hcl.strings import spell
from tfopt.hcl.syntax import Plain
from tfopt.hcl.tree import parse_tree
from tfopt.hcl.yaml_witness import Inserted, Replaced, differs_only_in, has_libyaml

_LARGEST = 256 * 1024  # python-hcl2 reads 0.24 MB/s
_IN_PYTHON = {"null": "None", "true": "True", "false": "False"}


@dataclass(frozen=True, slots=True)
class Spliced:
    """One replaced literal: its byte range in the file as it was, and both texts.

    Where entries are added, `old` is empty, `entries` are their keys and values, and `place` is
    where what they are added to begins.
    """

    start: int
    end: int
    old: str
    new: str
    entries: tuple[tuple[str, Plain], ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the edit is what it was meant to be; `note` says which reader could not tell."""

    agrees: bool
    note: str | None = None


def check(before: bytes, after: bytes, edits: Sequence[Spliced], syntax: Syntax) -> Verdict:
    """Return whether `after` is `before` with exactly these literals replaced."""
    return _CHECKS[syntax](before, after, edits)


def _check_json(before: bytes, after: bytes, edits: Sequence[Spliced]) -> Verdict:
    was, now = (json.loads(data.removeprefix(BOM)) for data in (before, after))
    return Verdict(_differ_only(was, now, edits, _spelled_json))


def _check_yaml(before: bytes, after: bytes, edits: Sequence[Spliced]) -> Verdict:
    in_order = sorted(edits, key=lambda edit: edit.start)
    expected = [
        Inserted(edit.place, edit.entries) if edit.entries else Replaced(edit.old, edit.new)
        for edit in in_order
    ]
    agrees = differs_only_in(before, after, expected)
    note = None if has_libyaml() else "libyaml is not there: checked by the reader that edits"
    return Verdict(agrees, note)


def _check_hcl(before: bytes, after: bytes, edits: Sequence[Spliced]) -> Verdict:
    if not _same_tokens(before, after, edits):
        return Verdict(False, "the syntax trees differ in more than the edited values")
    if len(before) > _LARGEST:
        return Verdict(True, "too large for python-hcl2: checked by a second tree-sitter parse")
    old = _read_hcl2(before)
    if old is None:
        return Verdict(True, "python-hcl2 cannot read it: checked by a second tree-sitter parse")
    new = _read_hcl2(after)
    return Verdict(new is not None and _differ_only(old, new, edits, _spelled_hcl2))


def _same_tokens(before: bytes, after: bytes, edits: Sequence[Spliced]) -> bool:
    old, new = parse_tree(before).root_node, parse_tree(after).root_node
    if new.has_error:
        return False
    expected: list[bytes] = []
    waiting = sorted(edits, key=lambda edit: edit.start)
    for token in leaves(old):
        while waiting and token.start_byte >= max(waiting[0].end, waiting[0].start + 1):
            expected.extend(_tokens_of(waiting.pop(0).new))
        if waiting and waiting[0].start == waiting[0].end == token.start_byte:
            expected.extend(_tokens_of(waiting.pop(0).new))
        inside = waiting and waiting[0].start <= token.start_byte
        if not inside and token.type != "comment":
            expected.append(before[token.start_byte : token.end_byte])
    expected.extend(text for edit in waiting for text in _tokens_of(edit.new))
    found = [after[t.start_byte : t.end_byte] for t in leaves(new) if t.type != "comment"]
    return expected == found


def _tokens_of(written: str) -> list[bytes]:
    """Return the tokens of a literal, or of an entry with the commas around it."""
    entry = written.strip()
    before, after = entry.startswith(","), entry.endswith(",")
    source = f"_ = {{_ = {entry}}}".encode()
    skipped = 5
    if parse_tree(source).root_node.has_error:
        source = f"_ = {{{entry.strip(',')}}}".encode()
        skipped = 3
    tokens = list(leaves(parse_tree(source).root_node))[skipped:-1]
    inside = [source[token.start_byte : token.end_byte] for token in tokens]
    return [b","] * before + inside + [b","] * after


def _read_hcl2(data: bytes) -> object | None:
    """Return python-hcl2's value tree, or None where it cannot read the file."""
    from lark.exceptions import LarkError

    read = _hcl2_reader()
    try:
        return read(data.removeprefix(BOM).decode("utf-8"))
    except (LarkError, ValueError, TypeError, LookupError, AttributeError, RuntimeError):
        return None


def _hcl2_reader() -> Callable[[str], object]:
    """Return python-hcl2's reader, with its grammar cache where that can be written.

    The package writes the cache beside its own code; where that is read-only it would build the
    grammar anew (2 s) in every process.
    """
    import hcl2
    import hcl2.parser
    from hcl2.utils import SerializationOptions

    beside: Path = hcl2.parser.PARSER_FILE
    if not beside.is_file() and not os.access(beside.parent, os.W_OK):
        hcl2.parser.PARSER_FILE = _user_cache() / f"hcl2-{_hcl2_version()}.bin"
    options = SerializationOptions(with_comments=False)
    return partial(hcl2.loads, serialization_options=options)


def _hcl2_version() -> str:
    from importlib.metadata import version

    return version("python-hcl2")


def _user_cache() -> Path:
    """Return a private folder for caches (what is read from it is unpickled)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "tfopt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="tfopt-"))
    return folder


def _differ_only(
    before: object, after: object, edits: Sequence[Spliced], spelled: Callable[[object], str]
) -> bool:
    """Whether two value trees differ in the edited leaves alone, each as it was edited.

    `spelled` gives the source text of a leaf of these trees.
    """
    waiting = [one for edit in edits for one in _apart(edit)]
    for old, new in _differences(before, after):
        left = _explained(old, new, waiting, spelled)
        if left is None:
            return False
        waiting = left
    return not waiting


def _apart(edit: Spliced) -> Iterator[Spliced]:
    """Yield an edit, or one for each entry that it adds."""
    if not edit.entries:
        yield edit
    for entry in edit.entries:
        yield replace(edit, entries=(entry,))


def _differences(before: object, after: object) -> Iterator[tuple[object, object]]:
    """Yield what differs, member by member; what was added has `_NOTHING` before it."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() <= after.keys():
        for key in after:
            if key in before:
                yield from _differences(before[key], after[key])
            else:
                yield _NOTHING, {key: after[key]}
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for old, new in zip(before, after, strict=True):
            yield from _differences(old, new)
    elif type(before) is not type(after) or before != after:
        yield before, after


_NOTHING = object()


def _explained(
    old: object, new: object, edits: list[Spliced], spelled: Callable[[object], str]
) -> list[Spliced] | None:
    """Return the edits that a changed leaf leaves unexplained, or None where none explain it."""
    if old is _NOTHING and isinstance(new, dict):
        return _explained_entry(new, edits, spelled)
    for i, edit in enumerate(edits):
        if (spelled(old), spelled(new)) == (_canonical(edit.old), _canonical(edit.new)):
            return edits[:i] + edits[i + 1 :]
    if isinstance(old, str) and isinstance(new, str):
        return _explained_text(old, new, edits)
    return None


def _explained_entry(
    entry: dict[str, object], edits: list[Spliced], spelled: Callable[[object], str]
) -> list[Spliced] | None:
    """As `_explained`, for one entry that was added."""
    ((name, value),) = entry.items()
    for i, edit in enumerate(edits):
        for key, wanted in edit.entries:
            named = name in (key, spell(key, json_syntax=True))
            if named and _holds(value, wanted, spelled):
                return edits[:i] + edits[i + 1 :]
    return None


def _holds(found: object, wanted: Plain, spelled: Callable[[object], str]) -> bool:
    """Whether a value of these trees is a plain value; python-hcl2 keeps keys' quotes too."""
    if isinstance(wanted, Mapping):
        if not isinstance(found, dict) or len(found) != len(wanted):
            return False
        bare = {str(key).strip('"'): value for key, value in found.items()}
        return all(key in bare and _holds(bare[key], wanted[key], spelled) for key in wanted)
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        pairs = zip(found, wanted, strict=False) if isinstance(found, list) else ()
        same_length = isinstance(found, list) and len(found) == len(wanted)
        return same_length and all(_holds(one, other, spelled) for one, other in pairs)
    return spelled(found) == _canonical(spell(wanted, json_syntax=True))


def _explained_text(old: str, new: str, edits: list[Spliced]) -> list[Spliced] | None:
    """As `_explained`, for an expression that python-hcl2 keeps as text: several may be in it."""
    if old == new:
        return edits
    pairs = enumerate(zip(old, new, strict=False))
    first = next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))
    for i, edit in enumerate(edits):
        rest = edits[:i] + edits[i + 1 :]
        if edit.entries:
            left = _explained_entry_text(old, new, first, edit, rest)
            if left is not None:
                return left
            continue
        for was, now in product(_spellings(edit.old), _spellings(edit.new)):
            for at in range(max(0, first - len(was)), first + 1):
                if old.startswith(was, at) and new.startswith(now, at):
                    left = _explained_text(old[at + len(was) :], new[at + len(now) :], rest)
                    if left is not None:
                        return left
    return None


def _spellings(token: str) -> set[str]:
    """Return how python-hcl2 may write a literal in text: `(null)` becomes `(None)`."""
    return {token, _canonical(token), _IN_PYTHON.get(token, token)}


def _explained_entry_text(
    old: str, new: str, first: int, edit: Spliced, rest: list[Spliced]
) -> list[Spliced] | None:
    """As `_explained_text`, for an entry that joined an object in an expression."""
    ((key, value),) = edit.entries
    if value is not None and not isinstance(value, bool | int | float | str):
        return None
    entry = f"{key} = {spell(value, json_syntax=False)}"
    for now in (f", {entry}", f"{entry}, ", entry):
        for at in range(max(0, first - len(now)), first + 1):
            if old[:at] == new[:at] and new.startswith(now, at):
                left = _explained_text(old[at:], new[at + len(now) :], rest)
                if left is not None:
                    return left
    return None


def _spelled_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _spelled_hcl2(value: object) -> str:
    """python-hcl2 keeps a string's quotes, and wraps what it does not compute: `${1.5e3}`."""
    if isinstance(value, str) and value.startswith('"'):
        return value
    if isinstance(value, str) and value.startswith("${"):
        return _canonical(value[2:-1])
    return _spelled_json(value)


def _canonical(token: str) -> str:
    try:
        return json.dumps(json.loads(token), ensure_ascii=False)
    except ValueError:
        return token


_CHECKS: dict[Syntax, Callable[[bytes, bytes, Sequence[Spliced]], Verdict]] = {
    "hcl": _check_hcl,
    "json": _check_json,
    "yaml": _check_yaml,
}
