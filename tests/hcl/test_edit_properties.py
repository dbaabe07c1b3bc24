"""Any literal of any generated variable file: the edit changes what it must and nothing else."""

from __future__ import annotations

import json
import random
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfopt.hcl.align import leaves
from tfopt.hcl.document import Document
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.locate import Leaf, leaf_at
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Expr, Literal, Object, Scalar, Tuple
from tfopt.hcl.tree import parse_tree
from tfopt.hcl.write import write

WORDS = [
    "m5.xlarge",
    "",
    "a b",
    'q"uote',
    "back\\slash",
    "tab\t",
    "$${x}",
    "%",
    "é—ü",
    "x # y",
    "//",
]
COMMENTS = ["", "", "", " # sized in 2021", " // keep", " # tfopt: was 3; 2026-01-01", " /* c */"]


class Writer:
    """Writes a random variable file, formatted at random."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def file(self) -> bytes:
        newline = self.rng.choice(["\n", "\n", "\r\n"])
        parts = [f"v{i}{self.equals()}{self.value(2, '')}{self.comment()}" for i in range(4)]
        text = "\n".join(parts) + self.rng.choice(["\n", "\n", ""])
        mark = self.rng.choice([b"", b"", b"\xef\xbb\xbf"])
        return mark + text.replace("\n", newline).encode()

    def equals(self) -> str:
        return " " * self.rng.randint(0, 3) + "=" + " " * self.rng.randint(0, 2)

    def comment(self) -> str:
        above = self.rng.random() < 0.1
        return self.rng.choice(COMMENTS) + ("\n# tfopt: was 9; 2026-01-01" if above else "")

    def value(self, depth: int, indent: str) -> str:
        kind = self.rng.choice(["scalar"] * 3 + ["object", "list"] * (depth > 0))
        return getattr(self, kind)(depth, indent)

    def scalar(self, _depth: int, _indent: str) -> str:
        text = json.dumps(self.rng.choice(WORDS), ensure_ascii=False)
        number = self.rng.choice(["4", "-7", "0.60", "1.5e3", "12345678901"])
        return self.rng.choice([text, text, number, "true", "null"])

    def object(self, depth: int, indent: str) -> str:
        inner = indent + "  "
        keys = [f"k{i}" if self.rng.random() < 0.7 else f'"k-{i}"' for i in range(3)]
        members = [f"{key}{self.equals()}{self.value(depth - 1, inner)}" for key in keys]
        if self.rng.random() < 0.4 and not any("\n" in member for member in members):
            return "{ " + ", ".join(members) + " }"
        lines = (inner + member + self.comment() for member in members)
        return "{\n" + "\n".join(lines) + f"\n{indent}}}"

    def list(self, depth: int, indent: str) -> str:
        inner = indent + "  "
        members = [self.value(depth - 1, inner) for _ in range(self.rng.randint(1, 3))]
        if self.rng.random() < 0.5:
            return "[" + ", ".join(members) + "]"
        lines = (inner + member + "," + self.comment() for member in members)
        return "[\n" + "\n".join(lines) + f"\n{indent}]"


def literals(expr: Expr) -> Iterator[Literal]:
    if isinstance(expr, Literal):
        yield expr
    elif isinstance(expr, Object):
        for item in expr.items:
            yield from literals(item.value)
    elif isinstance(expr, Tuple):
        for element in expr.items:
            yield from literals(element)


def leaf_of(path: Path, pick: int) -> Leaf:
    document = Document(path, path.name, path.read_bytes(), role="variables")
    attributes = read_body(document).attributes.values()
    found = [literal for attribute in attributes for literal in literals(attribute.expr)]
    return leaf_at(found[pick % len(found)].span)


def other(value: Scalar, pick: int) -> Scalar:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return [2, 99, 0.5, -1, 250][pick % 5] if value != 2 else 3
    return ["m7a.large", 'x"y\\z', "${not} an %{interpolation}", "ü"][pick % 4]


seeds = st.integers(0, 10**6)
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@quick
@given(seed=seeds, pick=seeds)
def test_without_a_comment_only_the_literal_differs(seed: int, pick: int) -> None:
    """The bytes around the literal stay, but for comments lined up anew; the diff applies."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a b.tfvars"
        before = Writer(seed).file()
        path.write_bytes(before)
        leaf = leaf_of(path, pick)
        change = Change(leaf, other(leaf.value, pick))
        patch = make_patch([change])
        after = patch.files[0].after
        wanted = before[: leaf.start] + change.new_text.encode() + before[leaf.end :]
        assert squeezed(after) == squeezed(wanted)
        if not re.search(rb" (#|//|/\*)", before):
            assert after == wanted
        if seed % 4 == 0:
            assert applied(patch.unified(Path(folder)), Path(folder), path.name) == after


def squeezed(data: bytes) -> bytes:
    """Return a file without the padding that lines trailing comments up."""
    return re.sub(rb" +(?=#|//|/\*)", b" ", data)


def applied(diff: str, folder: Path, name: str) -> bytes:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, check=True, input=diff.encode())
    return (folder / name).read_bytes()


@quick
@given(seed=seeds, pick=seeds)
def test_with_a_comment_every_other_token_stays(seed: int, pick: int) -> None:
    """One comment of ours on the changed line; tokens and the user's comments are as they were."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tfvars"
        before = Writer(seed).file()
        path.write_bytes(before)
        leaf = leaf_of(path, pick)
        change = Change(leaf, other(leaf.value, pick), "was it; 2026-08-01")
        patch = make_patch([change])
        after = patch.files[0].after
        assert patch.notes == ()
        assert after.count(b"tfopt: was it; 2026-08-01") == 1
        wanted = before[: leaf.start] + change.new_text.encode() + before[leaf.end :]
        assert tokens(after) == tokens(wanted)
        assert users_comments(after) == users_comments(before)
        assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
        assert (b"\r" in after) == (b"\r" in before)
        assert after.count(b"\r\n") in (0, after.count(b"\n"))
        assert after.endswith(b"\n") == before.endswith(b"\n")


def tokens(data: bytes) -> list[bytes]:
    root = parse_tree(data).root_node
    return [token.text or b"" for token in leaves(root) if token.type != "comment"]


def users_comments(data: bytes) -> list[bytes]:
    root = parse_tree(data).root_node
    texts = [t.text or b"" for t in leaves(root) if t.type == "comment"]
    ours = (text.strip().split(b"# tfopt:")[0].strip() for text in texts)
    return [text for text in ours if text]


@quick
@given(seed=seeds, pick=seeds)
def test_a_second_run_leaves_the_file_alone(seed: int, pick: int) -> None:
    """The same change again is no change, and another change replaces our comment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tfvars"
        path.write_bytes(Writer(seed).file())
        leaf = leaf_of(path, pick)
        new = other(leaf.value, pick)
        write(make_patch([Change(leaf, new, "first")]))
        again = leaf_of(path, pick)
        assert again.value == new
        assert make_patch([Change(again, new, "second")]).files == ()
        third = Change(again, other(again.value, pick + 1), "third")
        if third.new_text != again.text:
            after = make_patch([third]).files[0].after
            assert (after.count(b"tfopt: first"), after.count(b"tfopt: third")) == (0, 1)


@pytest.mark.terraform
def test_formatted_files_stay_formatted(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """200 files that `terraform fmt` is content with are still so after an annotated edit."""
    for seed in range(200):
        (tmp_path / f"f{seed:03}.tfvars").write_bytes(Writer(seed).file())
    subprocess.run(
        ["terraform", "fmt"], cwd=tmp_path, check=True, capture_output=True, env=terraform_env
    )
    for seed in range(200):
        leaf = leaf_of(tmp_path / f"f{seed:03}.tfvars", seed * 7)
        write(make_patch([Change(leaf, other(leaf.value, seed), f"was {seed}; 2026-08-01")]))
    command = ["terraform", "fmt", "-check", "-diff", "-no-color"]
    done = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, text=True, env=terraform_env
    )
    assert done.returncode == 0, done.stdout[:3000]


@quick
@given(seed=seeds, pick=seeds, indent=st.sampled_from([None, 2]))
def test_json_files_keep_every_other_byte(seed: int, pick: int, indent: int | None) -> None:
    """In a .tfvars.json the literal alone differs, and reads back as the new value."""
    rng = random.Random(seed)
    value = {"web": {"type": rng.choice(WORDS), "sizes": [1, -2.5, True, None]}, "é": [{"x": 1}]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tfvars.json"
        path.write_text(json.dumps(value, indent=indent, ensure_ascii=seed % 2 == 0), "utf-8")
        before = path.read_bytes()
        leaf = leaf_of(path, pick)
        change = Change(leaf, other(leaf.value, pick), "JSON has no comments")
        after = make_patch([change]).files[0].after
        assert after == before[: leaf.start] + change.new_text.encode() + before[leaf.end :]
        assert json.loads(change.new_text) == other(leaf.value, pick)
