"""Reads literal tokens, and spells the ones that replace them, in the syntax of their file."""

from __future__ import annotations

from collections.abc import Mapping

from tfopt.hcl.addition import slot_in
from tfopt.hcl.document import Document, Span
from tfopt.hcl.slot import Slot
from tfopt.hcl.strings import as_written, read_literal, spell
from tfopt.hcl.syntax import Plain, Scalar
from tfopt.hcl.values import same
from tfopt.hcl.yaml_scalars import read_scalar, spell_scalar


def literal_value(document: Document, token: str) -> Scalar:
    """Return the value of a literal token of a file."""
    if document.syntax == "yaml":
        return read_scalar(token)
    return read_literal(token, json_syntax=document.syntax == "json")


def respelled(document: Document, token: str, new: Scalar) -> str:
    """Return the token that makes a literal `new`, in the type and the style of the old one.

    The old token stays where the value does.
    """
    old = literal_value(document, token)
    if same(old, new) and old is not None:
        return token
    value = as_written(old, new)
    if document.syntax == "yaml":
        return spell_scalar(value, token)
    return spell(value, json_syntax=document.syntax == "json")


def edited_text(
    document: Document,
    replaced: Mapping[Span, Scalar],
    keys: Mapping[Span, Mapping[str, Plain]],
) -> str | None:
    """Return a file's text with the edits that are its; None if it is not UTF-8.

    Args:
        document: the file.
        replaced: literal token → the value to be read there.
        keys: object → what is added to it; what cannot be written is left out.
    """
    splices = [
        (span.start, span.end, respelled(document, span.text, value))
        for span, value in replaced.items()
        if span.document is document
    ]
    for place, entries in keys.items():
        slot = _slot_for(place, entries) if place.document is document else None
        if slot is not None:
            added = slot.filled([slot.entry(key, value) for key, value in entries.items()])
            splices.append((slot.offset, slot.offset, added))
    pieces: list[bytes] = []
    done = 0
    for start, end, text in sorted(splices):
        pieces += [document.data[done:start], text.encode()]
        done = end
    try:
        return b"".join((*pieces, document.data[done:])).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _slot_for(place: Span, entries: Mapping[str, Plain]) -> Slot | None:
    structured = any(isinstance(value, Mapping) for value in entries.values())
    return slot_in(place, structured=structured)
