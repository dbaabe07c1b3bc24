"""Any scalar of any generated YAML file replaced: only it differs, and both readers agree."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.yaml_writer import YamlWriter

from tfopt.hcl.document import BOM, Document
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.locate import Leaf, leaf_at
from tfopt.hcl.syntax import Expr, Literal, Object, Scalar, Tuple
from tfopt.hcl.write import write
from tfopt.hcl.yaml_tree import read_yaml

seeds = st.integers(0, 10**6)
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
NEW_TEXTS = ["m7a.large", "5", "no", "a: b", "it's", "größe", "~", "x # y", "[a]", "1e3"]


def literals(expr: Expr) -> Iterator[Literal]:
    if isinstance(expr, Literal):
        yield expr
    elif isinstance(expr, Object):
        for item in expr.items:
            yield from literals(item.value)
    elif isinstance(expr, Tuple):
        for element in expr.items:
            yield from literals(element)


def leaves_of(path: Path) -> list[Leaf]:
    """Return each literal of a file that may be edited, once, in the order of the file."""
    tree = read_yaml(Document(path, path.name, path.read_bytes(), role="data"))
    spans = {each.span for each in literals(tree) if each.editable}
    return [leaf_at(span) for span in sorted(spans, key=lambda span: span.start)]


def other(value: Scalar, pick: int) -> Scalar:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return [2, 99, 0.5, -1, 250][pick % 5] if value != 2 else 3
    new = NEW_TEXTS[pick % len(NEW_TEXTS)]
    return new if new != value else "c7g.large"


def written(folder: str, seed: int) -> Path:
    path = Path(folder) / "a b.yaml"
    path.write_bytes(YamlWriter(seed).file())
    return path


def values(data: bytes) -> list[str]:
    """Return every scalar of a file as text, keys too, read by PyYAML."""
    events = yaml.parse(data.removeprefix(BOM).decode(), Loader=yaml.BaseLoader)
    return [event.value for event in events if isinstance(event, yaml.ScalarEvent)]


def squeezed(data: bytes) -> bytes:
    """Return a file without the padding that lines trailing comments up."""
    return re.sub(rb" +(?=#)", b" ", data)


@quick
@given(seed=seeds, pick=seeds)
def test_without_a_comment_only_the_scalar_differs(seed: int, pick: int) -> None:
    """The bytes around the scalar stay, but for the padding of comments that were lined up."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, seed)
        before, leaves = path.read_bytes(), leaves_of(path)
        if not leaves:
            return
        leaf = leaves[pick % len(leaves)]
        change = Change(leaf, other(leaf.value, pick))
        after = make_patch([change]).files[0].after
        wanted = before[: leaf.start] + change.new_text.encode() + before[leaf.end :]
        assert squeezed(after) == squeezed(wanted)
        if before.count(b"#") < 2:
            assert after == wanted
        path.write_bytes(after)
        assert [(each.path, each.value) for each in leaves_of(path)] == [
            (each.path, change.new if each == leaf else each.value) for each in leaves
        ]


@quick
@given(seed=seeds, pick=seeds)
def test_with_comments_every_other_value_and_comment_stays(seed: int, pick: int) -> None:
    """Two edits in one file: other values, users' comments, line ends and marks are as before."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, seed)
        before, leaves = path.read_bytes(), leaves_of(path)
        if not leaves:
            return
        chosen = {pick % len(leaves), (pick // 7) % len(leaves)}
        changes = [
            Change(leaves[i], other(leaves[i].value, pick), "was it; 2026-08-01") for i in chosen
        ]
        patch = make_patch(changes)
        after = patch.files[0].after
        assert patch.notes == ()
        assert after.count(b"# tfopt: was it") in range(1, len(chosen) + 1)
        spliced = before
        for change in sorted(changes, key=lambda change: -change.leaf.start):
            start, end = change.leaf.start, change.leaf.end
            spliced = spliced[:start] + change.new_text.encode() + spliced[end:]
        assert values(after) == values(spliced)
        assert users_comments(after) == users_comments(before)
        assert after.startswith(BOM) == before.startswith(BOM)
        assert after.count(b"\r\n") in (0, after.count(b"\n"))
        assert (b"\r" in after) == (b"\r" in before)
        assert after.endswith(b"\n") == before.endswith(b"\n")


def users_comments(data: bytes) -> list[bytes]:
    return re.findall("# (?:sized in 2021|über alles|sizes)".encode(), data)


@quick
@given(seed=seeds, pick=seeds)
def test_a_second_run_leaves_the_file_alone(seed: int, pick: int) -> None:
    """The same change again is no change, and another change replaces our comment."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, seed)
        leaves = leaves_of(path)
        if not leaves:
            return
        at = pick % len(leaves)
        new = other(leaves[at].value, pick)
        write(make_patch([Change(leaves[at], new, "first")]))
        again = leaves_of(path)[at]
        assert again.value == new
        assert make_patch([Change(again, new, "second")]).files == ()
        third = Change(again, other(again.value, pick + 1), "third")
        if third.new_text != again.text:
            after = make_patch([third]).files[0].after
            assert (after.count(b"tfopt: first"), after.count(b"tfopt: third")) == (0, 1)


@pytest.mark.terraform
def test_terraform_reads_the_edited_files_alike(
    tmp_path: Path, terraform_env: dict[str, str]
) -> None:
    """300 edited files mean to the real yamldecode what they mean to us."""
    for seed in range(300):
        path = tmp_path / f"f{seed:03}.yaml"
        path.write_bytes(YamlWriter(seed).file())
        leaves = leaves_of(path)
        if leaves:
            leaf = leaves[(seed * 7) % len(leaves)]
            write(make_patch([Change(leaf, other(leaf.value, seed), f"was {seed}; 2026-08-01")]))
    asked = 'jsonencode([for f in fileset(".", "*.yaml") : yamldecode(file(f))])'
    done = subprocess.run(
        ["terraform", "console"],
        input=asked,
        cwd=tmp_path,
        env=terraform_env,
        capture_output=True,
        text=True,
        check=True,
    )
    given = json.loads(json.loads(done.stdout))
    files = sorted(tmp_path.glob("*.yaml"))
    assert len(given) == len(files) == 300
    for path, answer in zip(files, given, strict=True):
        tree = read_yaml(Document(path, path.name, path.read_bytes(), role="data"))
        assert plain(tree) == answer, path.read_text()


def plain(expr: Expr) -> object:
    if isinstance(expr, Tuple):
        return [plain(item) for item in expr.items]
    if isinstance(expr, Object):
        return {str(i.key.value): plain(i.value) for i in expr.items if isinstance(i.key, Literal)}
    assert isinstance(expr, Literal)
    return expr.value
