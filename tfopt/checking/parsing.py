"""Reads the files to check, and tells to the column where one does not parse."""

from __future__ import annotations

import json
import re
from collections import deque
from pathlib import Path

from tfopt.checking.finding import Finding
from tfopt.checking.literals import places
from tfopt.errors import TfoptError
from tfopt.hcl.document import BOM, Document, role_of
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Block, Literal
from tfopt.hcl.tree import deepest, first_error, parse_tree

CHECKED = (".tf", ".tfvars", ".tf.json", ".tfvars.json")


def read_document(path: Path) -> Document:
    """Return a file to check.

    Raises:
        TfoptError: it is no Terraform file, or cannot be read.
    """
    if not path.name.endswith(CHECKED):
        raise TfoptError(
            "not a Terraform file", where=path, hint=f"Files end in {', '.join(CHECKED)}"
        )
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise TfoptError(f"cannot be read: {problem.strerror}", where=path) from None
    return Document(path, path.as_posix(), data, role=role_of(path))


def syntax_finding(document: Document) -> Finding | None:
    """Return what keeps a file from being read; None where it can be."""
    try:
        body = read_body(document)
        deque(places(document, frozenset()), maxlen=0)  # expressions are read when asked for
    except TfoptError as problem:
        line, column = _error_place(document, problem)
        return Finding(document.label, line, column, "syntax", problem.message, problem.hint or "")
    except RecursionError:
        return Finding(document.label, 1, 1, "syntax", "nested too deeply to be read")
    if document.role == "variables" and body.blocks:
        return _stray(document, body.blocks[0])
    return None


def _stray(document: Document, block: Block) -> Finding:
    start = block.span.start
    what = "a block in a variable file: it assigns variables only"
    return Finding(document.label, document.line(start), document.column(start), "syntax", what)


def _error_place(document: Document, problem: TfoptError) -> tuple[int, int]:
    try:
        text = document.data.decode("utf-8")
    except UnicodeDecodeError as broken:
        return document.line(broken.start), document.column(broken.start)
    if document.syntax == "json":
        try:
            json.loads(text.removeprefix(BOM.decode()))
        except json.JSONDecodeError as broken:
            return broken.lineno, broken.colno
        except RecursionError:
            return 1, 1
        told = re.search(r":(\d+)$", problem.where or "")
        return (int(told[1]) if told else 1), 1
    root = parse_tree(document.data).root_node
    start = deepest(first_error(root) or root).start_byte
    return document.line(start), document.column(start)


def secret_names(folder: Path) -> frozenset[str]:
    """Return the variables that a folder's files declare sensitive; a broken file declares none."""
    found: set[str] = set()
    for path in sorted((*folder.glob("*.tf"), *folder.glob("*.tf.json"))):
        try:
            blocks = read_body(read_document(path)).of_type("variable")
        except (TfoptError, RecursionError):
            continue
        for block in blocks:
            mark = block.body.attributes.get("sensitive")
            if mark is not None and not (
                isinstance(mark.expr, Literal) and mark.expr.value is False
            ):
                found.add(block.labels[0])
    return frozenset(found)
