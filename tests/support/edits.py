"""Edits literals of whole files, and tells what does not hold of an edit that must."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tfopt.hcl.align import leaves
from tfopt.hcl.document import Document, role_of
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.locate import Leaf, leaf_at
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Body, Literal, ObjectItem, Scalar
from tfopt.hcl.tree import parse_tree

_OURS = re.compile(rb"(?:#|//)[ \t]*tfopt:(?!ignore)")


@dataclass(frozen=True)
class Edited:
    """A file before and after an edit of some of its literals."""

    before: bytes
    spliced: bytes  # the literals replaced, and nothing else
    after: bytes
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def literals(node: object) -> Iterator[Literal]:
    """Yield every literal below a body or an expression that can be edited on its own."""
    if isinstance(node, Literal):
        if node.editable:
            yield node
    elif isinstance(node, Body):
        for attribute in node.attributes.values():
            yield from literals(attribute.expr)
        for block in node.blocks:
            yield from literals(block.body)
    elif isinstance(node, ObjectItem):  # its key is not a value
        yield from literals(node.value)
    elif isinstance(node, tuple):  # an expression, or several
        for part in node:
            yield from literals(part)


def leaves_of(path: Path, data: bytes) -> list[Leaf]:
    """Return the editable literals of a file, in source order."""
    document = Document(path, path.name, data, role=role_of(path))
    found = {literal.span.start: literal.span for literal in literals(read_body(document))}
    return [leaf_at(found[start]) for start in sorted(found)]


def other(value: Scalar, rng: Random) -> Scalar:
    """Return another value of the same type; for null, a string."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return rng.choice([each for each in (2, 99, 0.5, -1, 25000) if each != value])
    texts = ["m7a.large", 'x"y\\z', "${not} an %{interpolation}", "ü", "a considerably longer one"]
    return rng.choice([each for each in texts if each != value])


def edit(path: Path, rng: Random, most: int, comment: str | None) -> Edited | None:
    """Edit up to `most` literals of a file and write it; None where it holds none."""
    before = path.read_bytes()
    found = leaves_of(path, before)
    if not found:
        return None
    picked = rng.sample(found, min(len(found), rng.randint(1, most)))
    picked.sort(key=lambda leaf: leaf.start)
    changes = tuple(Change(leaf, other(leaf.value, rng), comment) for leaf in picked)
    patch = make_patch(changes)
    after = patch.files[0].after if patch.files else before
    path.write_bytes(after)
    return Edited(before, spliced(before, changes), after, changes, patch.notes)


def spliced(data: bytes, changes: Sequence[Change]) -> bytes:
    """Return a file with the literals replaced and nothing else."""
    for change in reversed(changes):
        new = change.new_text.encode()
        data = data[: change.leaf.start] + new + data[change.leaf.end :]
    return data


def problems(path: Path, edited: Edited, rng: Random) -> Iterator[str]:
    """Yield what is wrong with an edit: with its bytes, its comments, or runs after it."""
    yield from _bytes_that_moved(edited)
    yield from _comments(edited)
    comment = edited.changes[0].comment
    values = [change.new for change in edited.changes]
    again = _same_leaves(path, edited)
    if [leaf.value for leaf in again] != values:
        yield "the literals do not read back as the new values"
    if make_patch(Change(leaf, leaf.value, "again") for leaf in again).files:
        yield "a second run changes something"
    third = [Change(leaf, other(leaf.value, rng), comment and "third") for leaf in again]
    patched = make_patch(third).files[0].after
    if comment and (comment.encode() in patched or b"third" not in patched):
        yield "a run with another comment does not replace the first one"
    if len(ours(patched)) != len(ours(edited.after)):
        yield "comments are stacked"


def _same_leaves(path: Path, edited: Edited) -> list[Leaf]:
    starts = [leaf.start for leaf in leaves_of(path, edited.before)]
    places = [starts.index(change.leaf.start) for change in edited.changes]
    found = leaves_of(path, edited.after)
    return [found[place] for place in places]


def _bytes_that_moved(edited: Edited) -> Iterator[str]:
    """Our comments aside, only the white space before `=` and before comments may differ."""
    wanted, found = (_pieces(without_ours(data)) for data in (edited.spliced, edited.after))
    if [text for _, text in wanted] != [text for _, text in found]:
        yield "another token differs"
        return
    for (gap, text), (new_gap, _) in zip(wanted, found, strict=True):
        padding = text == b"=" or text.startswith((b"#", b"//", b"/*"))
        if gap != new_gap and not (padding and not gap.strip(b" ") and not new_gap.strip(b" ")):
            yield f"the white space before {text[:30]!r} differs: {gap!r}, {new_gap!r}"
            return


def _pieces(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return each token with the bytes before it, and the end of the file as the last."""
    found: list[tuple[bytes, bytes]] = []
    done = 0
    for token in leaves(parse_tree(data).root_node):
        if token.end_byte > token.start_byte:
            text = data[token.start_byte : token.end_byte]
            found.append((data[done : token.start_byte], text.rstrip(b"\r\n")))
            done = token.start_byte + len(found[-1][1])
    return [*found, (data[done:], b"")]


def ours(data: bytes) -> list[tuple[int, int]]:
    """Return the byte ranges of the comments that tfopt made."""
    found: list[tuple[int, int]] = []
    for token in leaves(parse_tree(data).root_node):
        match = _OURS.search(data, token.start_byte, token.end_byte)
        if token.type == "comment" and match is not None:
            end = len(data[: token.end_byte].rstrip(b"\r\n"))
            found.append((match.start(), end))
    return found


def without_ours(data: bytes) -> bytes:
    """Return a file without tfopt's comments; with its line, where a comment stands alone."""
    for start, end in reversed(ours(data)):
        line = data.rfind(b"\n", 0, start) + 1
        alone = not data[line:start].strip(b" \t\xef\xbb\xbf")
        following = data.find(b"\n", end) + 1 or len(data)
        if alone:
            mark = b"\xef\xbb\xbf" if data[line:].startswith(b"\xef\xbb\xbf") else b""
            data = data[:line] + mark + data[following:]
        else:
            data = data[:start].rstrip(b" \t") + data[end:]
    return data


def _comments(edited: Edited) -> Iterator[str]:
    comment = edited.changes[0].comment
    if comment is None:
        if edited.after.count(b"tfopt:") != edited.before.count(b"tfopt:"):
            yield "a comment of ours came or went though none was asked for"
        return
    if any("no comment could be placed" in note for note in edited.notes):
        yield "no comment was placed"
    elif comment.encode() not in edited.after:
        yield "the comment is missing"
    rows = {edited.before.count(b"\n", 0, change.leaf.start) for change in edited.changes}
    if edited.after.count(f"tfopt: {comment}".encode()) > len(rows):
        yield "more comments than changed lines"
