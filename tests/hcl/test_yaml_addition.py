"""A key added to a mapping of a YAML or JSON data file: beside its neighbours, and nothing else."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.yaml_writer import YamlWriter

from tfopt.errors import TfoptError
from tfopt.hcl.data_tree import read_data
from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.locate import leaf_to_add
from tfopt.hcl.syntax import Expr, Literal, Object, Plain, Tuple
from tfopt.hcl.values import Vacancy
from tfopt.hcl.write import write
from tfopt.hcl.yaml_witness import Inserted, differs_only_in

seeds = st.integers(0, 10**6)
quick = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
ENTRIES: list[Plain] = [
    12,
    "m7a.large",
    "0 8 * * 1-5",
    "no",
    None,
    True,
    {"recurrence": "0 8 * * 1-5", "min_size": 2, "tags": {"a": "x: y"}},
    ["a", 1],
]


def read(path: Path) -> Document:
    return Document(path, path.name, path.read_bytes(), role="data")


def mappings(expr: Expr) -> Iterator[Span]:
    if isinstance(expr, Object):
        yield expr.span
        for item in expr.items:
            yield from mappings(item.value)
    elif isinstance(expr, Tuple):
        for element in expr.items:
            yield from mappings(element)


def meaning(
    expr: Expr, place: Span | None = None, more: Mapping[str, Plain] | None = None
) -> object:
    """Return what a tree says, with an entry more in one of its mappings."""
    if isinstance(expr, Tuple):
        return [meaning(item, place, more) for item in expr.items]
    if isinstance(expr, Object):
        members = {str(i.key.value): meaning(i.value, place, more) for i in expr.items}  # type: ignore[union-attr]
        return {**members, **(more or {})} if expr.span == place else members
    assert isinstance(expr, Literal)
    return expr.value


def added(
    path: Path, place: Span, key: str, value: Plain, comment: str | None = None
) -> bytes | None:
    """Return the file with an entry, or None where it has no place there."""
    leaf = leaf_to_add(Vacancy(place, key), structured=isinstance(value, Mapping))
    if leaf is None:
        return None
    return make_patch([Change(leaf, value, comment)]).files[0].after


def at(path: Path, *steps: str) -> Span:
    tree = read_data(read(path))
    for step in steps:
        if isinstance(tree, Tuple):
            tree = tree.items[int(step)]
        else:
            assert isinstance(tree, Object)
            items = {str(i.key.value): i.value for i in tree.items}  # type: ignore[union-attr]
            tree = items[step]
    return tree.span


SHAPES = {
    "block": ("a: 1\nb: two\n", "", "a: 1\nb: two\nnew: 5\n"),
    "no last line break": ("a: 1", "", "a: 1\nnew: 5"),
    "inner": ("web:\n  a: 1\nx: y\n", "web", "web:\n  a: 1\n  new: 5\nx: y\n"),
    "after a comment": ("a: 1 # one\n# end\n", "", "a: 1 # one\nnew: 5\n# end\n"),
    "crlf": ("a: 1\r\nb: 2\r\n", "", "a: 1\r\nb: 2\r\nnew: 5\r\n"),
    "before a block": ("web:\n  x: 1\n", "", "new: 5\nweb:\n  x: 1\n"),
    "beside a block": ("a: 1\nweb:\n  x: 1\n", "", "a: 1\nnew: 5\nweb:\n  x: 1\n"),
    "in a list": ("l:\n  - a: 1\n  - b: 2\n", "l 0", "l:\n  - a: 1\n    new: 5\n  - b: 2\n"),
    "in a list before a block": (
        "l:\n  - a: # x\n      b: 2\n",
        "l 0",
        "l:\n  - new: 5\n    a: # x\n      b: 2\n",
    ),
    "flow": ("a: {b: 1}\n", "a", "a: {b: 1, new: 5}\n"),
    "spaced flow": ("a: { b: 1 }\n", "a", "a: { b: 1, new: 5 }\n"),
    "flow with a comma": ("a: {b: 1,}\n", "a", "a: {b: 1, new: 5}\n"),
    "flow over lines": (
        "a: {\n  b: 1 # one, two\n}\n",
        "a",
        "a: {\n  b: 1, new: 5 # one, two\n}\n",
    ),
    "empty": ("a: {}\n", "a", "a: {new: 5}\n"),
    "empty file": ("--- {}\n", "", "--- {new: 5}\n"),
    "anchored": ("a: &x\n  b: 1\nc: *x\n", "a", "a: &x\n  b: 1\n  new: 5\nc: *x\n"),
    "merging": ("x: &x {b: 1}\nc:\n  <<: *x\n", "c", "x: &x {b: 1}\nc:\n  <<: *x\n  new: 5\n"),
    "json": ('{\n  "a": {}\n}\n', "a", '{\n  "a": {"new": 5}\n}\n'),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_key_stands_beside_its_neighbours(tmp_path: Path, name: str) -> None:
    """In block and flow style, at the end, before what has no end, and in an empty mapping."""
    before, steps, after = SHAPES[name]
    path = tmp_path / "a.yaml"
    path.write_text(before, newline="")
    found = added(path, at(path, *steps.split()), "new", 5)
    assert found is not None
    assert found.decode() == after


def test_a_structure_is_written_as_a_block(tmp_path: Path) -> None:
    """An entry that is a mapping gets lines of its own, the comment on the first of them."""
    path = tmp_path / "a.yaml"
    path.write_text("web:\n  min: 1 # one\n  max: 2 # two\nx: y\n")
    value: Plain = {"recurrence": "0 8 * * *", "min_size": 2}
    after = added(path, at(path, "web"), "tfopt", value, "added; 2026-08-01")
    assert after is not None
    assert after.decode() == (
        "web:\n  min: 1 # one\n  max: 2 # two\n  tfopt: # tfopt: added; 2026-08-01\n"
        '    recurrence: "0 8 * * *"\n    min_size: 2\nx: y\n'
    )


TWO = {
    "a: 1": ("", "a: 1\nx: 5\nz: 6"),
    "a: 1\n": ("", "a: 1\nx: 5\nz: 6\n"),
    "l:\n  - a:\n      b: 2\n": ("l 0", "l:\n  - x: 5\n    z: 6\n    a:\n      b: 2\n"),
    "a: {}\n": ("a", "a: {x: 5, z: 6}\n"),
    '{"a": 1}\n': ("", '{"a": 1, "x": 5, "z": 6}\n'),
    '{\n  "a": 1\n}\n': ("", '{\n  "a": 1,\n  "x": 5,\n  "z": 6\n}\n'),
}


@pytest.mark.parametrize("before", TWO)
def test_two_keys_join_one_mapping(tmp_path: Path, before: str) -> None:
    """Both are written at once, as each would be."""
    steps, after = TWO[before]
    path = tmp_path / "a.yaml"
    path.write_text(before)
    leaves = [leaf_to_add(Vacancy(at(path, *steps.split()), key)) for key in "xz"]
    changes = [Change(leaf, new) for leaf, new in zip(leaves, (5, 6), strict=True) if leaf]
    assert make_patch(changes).files[0].after.decode() == after


def test_a_mapping_that_is_merged_elsewhere_is_left_alone(tmp_path: Path) -> None:
    """What a merge takes from it would not be known to have moved."""
    path = tmp_path / "a.yaml"
    path.write_text("x: &x\n  b: 1\nc:\n  <<: *x\n")
    assert leaf_to_add(Vacancy(at(path, "x"), "new")) is None


def test_a_mapping_with_question_marks_is_left_alone(tmp_path: Path) -> None:
    """An entry before `? key` would be part of the key."""
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  ? b\n  : c: 1\n")
    assert leaf_to_add(Vacancy(at(path, "a"), "new")) is None


@quick
@given(seed=seeds, pick=seeds)
def test_exactly_the_entry_is_added(seed: int, pick: int) -> None:
    """Any entry in any mapping of any file: both readers find it there and nothing else moved."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a b.yaml"
        path.write_bytes(YamlWriter(seed).file())
        before = path.read_bytes()
        tree = read_data(read(path))
        places = sorted(set(mappings(tree)), key=lambda span: span.start)
        place = places[pick % len(places)]
        value = ENTRIES[pick % len(ENTRIES)]
        comment = "added; 2026-08-01" if pick % 3 else None
        after = added(path, place, "tfopt", value, comment)
        assert after is not None
        path.write_bytes(after)
        assert meaning(read_data(read(path))) == meaning(tree, place, {"tfopt": value})
        assert after.startswith(BOM) == before.startswith(BOM)
        assert (b"\r" in after) == (b"\r" in before)
        assert after.count(b"\r\n") in (0, after.count(b"\n"))
        assert after.count(b"# tfopt: added") == (comment is not None)
        kept = [line.strip() for line in before.split(b"\n") if b"tfopt:" not in line]
        told = b"".join(after.split())
        assert all(b"".join(line.split(b"}")[0].split()) in told for line in kept)


def test_the_witness_refuses_an_entry_in_another_mapping() -> None:
    """The same events, but one mapping further out."""
    before, after = b"a:\n  b: 1\n", b"a:\n  b: 1\nnew: 5\n"
    entries = (("new", 5),)
    assert differs_only_in(before, after, [Inserted(0, entries)])
    assert not differs_only_in(before, after, [Inserted(5, entries)])
    assert not differs_only_in(before, after, [Inserted(0, (("new", 6),))])
    assert not differs_only_in(before, after, [Inserted(0, (("other", 5),))])
    assert not differs_only_in(before, after, [Inserted(0, (*entries, *entries))])


def test_a_file_that_changed_meanwhile_is_not_patched(tmp_path: Path) -> None:
    """A slot that is another place by now would add the entry elsewhere."""
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  b: 1\n")
    place = at(path, "a")
    path.write_text("c: 3\na:\n  b: 1\n")
    with pytest.raises(TfoptError, match="changed since it was read"):
        added(path, place, "new", 5)


@pytest.mark.terraform
def test_terraform_reads_the_added_keys_alike(
    tmp_path: Path, terraform_env: dict[str, str]
) -> None:
    """200 files with an entry more mean to the real yamldecode what they mean to us."""
    wanted = []
    for seed in range(200):
        path = tmp_path / f"f{seed:03}.yaml"
        path.write_bytes(YamlWriter(seed).file())
        tree = read_data(read(path))
        places = sorted(set(mappings(tree)), key=lambda span: span.start)
        place, value = places[seed % len(places)], ENTRIES[seed % len(ENTRIES)]
        leaf = leaf_to_add(Vacancy(place, "tfopt"), structured=isinstance(value, Mapping))
        assert leaf is not None
        write(make_patch([Change(leaf, value, f"was {seed}; 2026-08-01")]))
        wanted.append(meaning(tree, place, {"tfopt": value}))
    done = subprocess.run(
        ["terraform", "console"],
        input='jsonencode([for f in fileset(".", "*.yaml") : yamldecode(file(f))])',
        cwd=tmp_path,
        env=terraform_env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(json.loads(done.stdout)) == wanted
