"""Where a comment stands in YAML, and which lines of it a diff may not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.edit import Change, Patch, make_patch
from tfopt.hcl.secret import telling_lines
from tfopt.hcl.sources import load_sources
from tfopt.hcl.syntax import Scalar
from tfopt.hcl.trace import Target, Trace, Tracer


def patched(folder: Path, before: str, path: str, new: Scalar, comment: str | None) -> Patch:
    """Return the patch of a data file that one attribute is read from."""
    expression = f'yamldecode(file("d.yaml")){path}'
    main = f'resource "aws_instance" "web" {{\n  instance_type = {expression}\n}}\n'
    (folder / "main.tf").write_text(main)
    (folder / "d.yaml").write_bytes(before.encode())
    target = Target((), "aws_instance.web", None, ("instance_type",), "m5.large")
    result = Tracer(load_sources(folder), {}).trace(target)
    assert isinstance(result, Trace), result.reason
    return make_patch([Change(result.leaf, new, comment)])


LONG = "a comment that says a great deal about the change, " * 3

EDITS = {
    "trailing": ("a: m5.large\n", "a: m7a.large # tfopt: was it\n"),
    "carriage returns": ("a: m5.large\r\nb: 1\r\n", "a: m7a.large # tfopt: was it\r\nb: 1\r\n"),
    "no final newline": ("a: m5.large", "a: m7a.large # tfopt: was it"),
    "replaced": ("a: m5.large # tfopt: was old\n", "a: m7a.large # tfopt: was it\n"),
    "above": (
        "  # x\na: m5.large  # mine\n",
        "  # x\n# tfopt: was it\na: m7a.large  # mine\n",
    ),
    "replaced above": (
        "# tfopt: was old\na: m5.large # mine\n",
        "# tfopt: was it\na: m7a.large # mine\n",
    ),
    "an ignore stays": (
        "a: m5.large # tfopt:ignore for now\n",
        "# tfopt: was it\na: m7a.large # tfopt:ignore for now\n",
    ),
    "an ignore above stays": (
        "# tfopt:ignore for now\na: m5.large\n",
        "# tfopt:ignore for now\na: m7a.large # tfopt: was it\n",
    ),
    "lined up": (
        "a: m5.large    # one\nb: m5.large.xx # two\n",
        "# tfopt: was it\na: m7a.large   # one\nb: m5.large.xx # two\n",
    ),
    "lined up anew": (
        "a: m5.large # one\nb: m5.xx    # two\nc: 5 # three\n",
        "# tfopt: was it\na: m7a.large # one\nb: m5.xx     # two\nc: 5 # three\n",
    ),
    "flow": ("{a: m5.large, b: [1]}\n", "{a: m7a.large, b: [1]} # tfopt: was it\n"),
    "flow over lines": (
        "{\n  a: m5.large,\n  b: 1\n}\n",
        "{\n  a: m7a.large, # tfopt: was it\n  b: 1\n}\n",
    ),
    "beside a text that runs on": (
        '{a: m5.large, b: "x\n  y"}\n',
        '# tfopt: was it\n{a: m7a.large, b: "x\n  y"}\n',
    ),
    "below a block": (
        "b: |\n  x\n  y\na: m5.large # c\n",
        "b: |\n  x\n  y\n# tfopt: was it\na: m7a.large # c\n",
    ),
    "marker": ("---\na: 'm5.large'\n...\n", "---\na: 'm7a.large' # tfopt: was it\n...\n"),
    "byte order mark": ("\ufeffa: m5.large\n", "\ufeffa: m7a.large # tfopt: was it\n"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_comment_stands_where_yaml_allows_it(tmp_path: Path, name: str) -> None:
    """Behind the value, else above it; ours is replaced, the user's stays."""
    before, after = EDITS[name]
    patch = patched(tmp_path, before, ".a", "m7a.large", "was it")
    assert patch.files[0].after.decode() == after
    assert patch.notes == ()


def test_a_long_comment_stands_above(tmp_path: Path) -> None:
    """Lines stay within 120 columns."""
    patch = patched(tmp_path, "x:\n  a: m5.large\n", ".x.a", "m7a.large", LONG)
    wanted = f"x:\n  # tfopt: {LONG.strip()}\n  a: m7a.large\n"
    assert patch.files[0].after.decode() == wanted


def test_where_no_comment_fits_a_note_says_so(tmp_path: Path) -> None:
    """Between two texts that run on there is no line for one."""
    before = 'l: ["x\n  y", m5.large, "z\n  z"]\n'
    patch = patched(tmp_path, before, ".l[1]", "m7a.large", "was it")
    assert patch.files[0].after.decode() == before.replace("m5.large", "m7a.large")
    assert patch.notes == ("d.yaml: no comment could be placed safely",)


def test_a_diff_hides_the_secrets_of_yaml(tmp_path: Path) -> None:
    """A line named like a secret, and what is indented below it, is not shown as context."""
    text = "a: m5.large\ndb-password:\n  - CANARY\n  - |\n    CANARY\n\nb: 1\n"
    assert telling_lines(text.encode(), "yaml") == frozenset({2, 3, 4, 5})
    patch = patched(tmp_path, text, ".a", "m7a.large", None)
    with pytest.raises(TfoptError, match="sensitive"):
        patch.unified(tmp_path)
    assert b"a: m7a.large\n" in patch.files[0].after
