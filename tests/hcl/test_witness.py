"""The second reader: what it lets pass, what it stops, and where it keeps its cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.document import Document
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.locate import leaf_at
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Object
from tfopt.hcl.witness import Spliced, check

BEFORE = b'a = 4\nb = { c = "x", d = f(4, "x") }\n'
EDIT = Spliced(4, 5, "4", "7")


def test_the_intended_edit_passes() -> None:
    """Exactly the literal is another one, and a comment was added."""
    after = BEFORE.replace(b"a = 4", b"a = 7 # tfopt: was 4")
    assert check(BEFORE, after, [EDIT], "hcl").agrees


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        BEFORE.replace(b"4", b"7"),
        BEFORE.replace(b"a = 4", b"a = 8"),
        BEFORE.replace(b"a = 4", b'a = "7"'),
        BEFORE.replace(b"a = 4", b"a = 7").replace(b'"x"', b'"y"', 1),
        BEFORE.replace(b"a = 4", b"a = 7\nc = 1"),
        BEFORE.replace(b"a = 4\n", b"a = 7 # "),
        BEFORE.replace(b"a = 4", b"a = 7 {"),
    ],
)
def test_anything_else_is_stopped(after: bytes) -> None:
    """Nothing changed, too much changed, wrongly changed, or broken."""
    assert not check(BEFORE, after, [EDIT], "hcl").agrees


def test_json_is_compared_by_value() -> None:
    """A second value that moved is seen."""
    before, edit = b'{"a": 4, "b": [4]}', Spliced(6, 7, "4", "7")
    assert check(before, b'{"a": 7, "b": [4]}', [edit], "json").agrees
    assert not check(before, b'{"a": 7, "b": [7]}', [edit], "json").agrees


def test_a_file_that_hcl2_cannot_read_is_said_to_be_half_checked() -> None:
    """tree-sitter stands in, and the note says so."""
    before = "a = 4\né = 1\n".encode()
    verdict = check(before, before.replace(b"a = 4", b"a = 7"), [EDIT], "hcl")
    assert verdict.agrees
    assert verdict.note == "python-hcl2 cannot read it: checked by a second tree-sitter parse"
    assert not check(before, before.replace(b"1", b"2"), [EDIT], "hcl").agrees


def test_a_file_changed_since_it_was_read_is_not_patched(tmp_path: Path) -> None:
    """The bytes at the literal are looked at again."""
    path = tmp_path / "a.tfvars"
    path.write_text("web = { min = 4 }\n")
    body = read_body(Document(path, path.name, path.read_bytes(), role="variables"))
    expression = body.attributes["web"].expr
    assert isinstance(expression, Object)
    leaf = leaf_at(expression.items[0].value.span)
    path.write_text("web = { mi = 4 }\n")
    with pytest.raises(TfoptError, match="changed since it was read"):
        make_patch([Change(leaf, 2)])


def test_two_values_for_one_literal_are_refused(tmp_path: Path) -> None:
    """Two groups that share a literal must agree."""
    path = tmp_path / "a.tfvars"
    path.write_text("min = 4\n")
    leaf = leaf_at(
        read_body(Document(path, path.name, path.read_bytes(), role="variables"))
        .attributes["min"]
        .expr.span
    )
    with pytest.raises(TfoptError, match="two different values for min: 2, 3"):
        make_patch([Change(leaf, 2), Change(leaf, 3)])
    assert make_patch([Change(leaf, 2), Change(leaf, 2)]).files[0].after == b"min = 2\n"


def test_the_grammar_cache_moves_where_it_can_be_written(tmp_path: Path) -> None:
    """With a read-only installation the cache is written to the user's cache folder, privately."""
    program = (
        "import hcl2.parser, os, pathlib, tfopt.hcl.witness as w\n"
        "hcl2.parser.PARSER_FILE = pathlib.Path('/proc/no/.lark_cache.bin')\n"
        "edit = w.Spliced(4, 5, '4', '7')\n"
        "assert w.check(b'a = 4\\n', b'a = 7\\n', [edit], 'hcl').agrees"
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], check=True, env=env)
    folder = tmp_path / "cache" / "tfopt"
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.suffix for path in folder.iterdir()] == [".bin"]
