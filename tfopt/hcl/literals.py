"""Reads literal tokens, and spells the ones that replace them, in the syntax of their file."""

from __future__ import annotations

from collections.abc import Mapping

from tfopt.hcl.document import Document, Span
from tfopt.hcl.strings import as_written, read_literal, spell
from tfopt.hcl.syntax import Scalar
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


def replaced_text(document: Document, replaced: Mapping[Span, Scalar]) -> str | None:
    """Return a file's text with those of the literals replaced that are its; None if not UTF-8."""
    pieces: list[bytes] = []
    done = 0
    for span in sorted((s for s in replaced if s.document is document), key=lambda s: s.start):
        pieces.append(document.data[done : span.start])
        pieces.append(respelled(document, span.text, replaced[span]).encode())
        done = span.end
    try:
        return b"".join((*pieces, document.data[done:])).decode("utf-8")
    except UnicodeDecodeError:
        return None
