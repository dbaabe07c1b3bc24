"""YAML is read as Terraform's `yamldecode` reads it, with the byte place of every scalar."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.document import Document
from tfopt.hcl.syntax import Expr, Literal, Object, Other, Tuple
from tfopt.hcl.yaml_scalars import read_scalar, spell_scalar
from tfopt.hcl.yaml_tree import read_yaml

RECORDED = Path(__file__).with_name("yamldecode.json")
"""[text, what the real yamldecode gives as JSON, "!" where it fails], from Terraform 1.11.4."""


STRINGS = ["m7a.large", "", "x y", " x", "a: b", "a #b", "- a", "\x85", "a\nb", "\\n", "é", 'q"q']
LOOKALIKES = [
    "5",
    "yes",
    "1e3",
    "null",
    "~",
    "0o7",
    "1_000",
    "1:30",
    "2001-01-01",
    ".inf",
    "=",
    "%a",
]


class NotKnownError(Exception):
    """A part of the tree is not modelled."""


def read(data: str | bytes) -> Expr:
    raw = data.encode() if isinstance(data, str) else data
    return read_yaml(Document(Path("a.yaml"), "a.yaml", raw, role="data"))


def plain(expr: Expr) -> object:
    if isinstance(expr, Literal):
        return expr.value
    if isinstance(expr, Tuple):
        return [plain(item) for item in expr.items]
    if isinstance(expr, Object):
        return {str(i.key.value): plain(i.value) for i in expr.items if isinstance(i.key, Literal)}
    raise NotKnownError


def literals(expr: Expr) -> Iterator[Literal]:
    if isinstance(expr, Literal):
        yield expr
    for item in expr.items if isinstance(expr, Object | Tuple) else ():
        yield from literals(item if not hasattr(item, "key") else item.value)


def answers() -> list[tuple[str, str]]:
    return [(text, answer) for text, answer in json.loads(RECORDED.read_text("utf-8"))]


def test_nothing_is_read_otherwise_than_terraform_reads_it() -> None:
    """Of 800 texts each is read as recorded, or said not to be known; few valid ones are not."""
    not_known = 0
    for text, answer in answers():
        try:
            value = plain(read(text))
        except (TfoptError, NotKnownError):
            not_known += answer != "!"
            continue
        assert answer != "!", text
        assert value == json.loads(answer), text
    valid = sum(answer != "!" for _, answer in answers())
    assert valid > 500
    assert not_known < 0.12 * valid


@pytest.mark.terraform
def test_the_recorded_answers_are_terraforms(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """One call of the real console gives every recorded answer."""
    recorded = answers()
    (tmp_path / "texts.json").write_text(json.dumps([text for text, _ in recorded]))
    given = 'try(jsonencode(yamldecode(text)), "!")'
    asked = f'jsonencode([for text in jsondecode(file("texts.json")) : {given}])'
    done = subprocess.run(
        ["terraform", "console"],
        input=asked,
        cwd=tmp_path,
        env=terraform_env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(json.loads(done.stdout)) == [answer for _, answer in recorded]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_spans_are_the_bytes_of_the_scalar(mark: bytes, newline: str) -> None:
    """Characters of several bytes, a byte order mark and carriage returns do not shift them."""
    text = "größe: 😀  # ü\nweb: {typ: 'ä', n: 4}\nlist:\n  - &x m5.large\n  - *x\n"
    data = mark + text.replace("\n", newline).encode()
    found = [literal.span.text for literal in literals(read(data))]
    assert found == ["😀", "'ä'", "4", "m5.large", "m5.large"]
    spans = {literal.span for literal in literals(read(data))}
    assert all(data[s.start : s.end].decode() == s.text for s in spans)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: |\n  b\n", "a YAML block scalar"),
        ("a: b\n  c\n", "a YAML scalar over several lines"),
        ('a: "b\n  c"\n', "a YAML scalar over several lines"),
        ("a: !!str 5\n", "a YAML scalar with a tag"),
        ("a:\n", "a YAML value that is not written"),
        ("a: &x # c\n  5\n", "a YAML scalar over several lines"),
    ],
)
def test_what_cannot_be_replaced_says_why(text: str, reason: str) -> None:
    """Its value is known, its bytes are not to be touched."""
    (literal,) = literals(read(text))
    assert (literal.editable, literal.reason) == (False, reason)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: 2001-12-14\n", "a timestamp"),
        ("a: .inf\n", "a number that is not finite"),
        ("a: !!int 5\n", "a YAML tag"),
        ("a: *b\n", "an alias without an anchor"),
        ('a: "\\/"\n', "an escape that Terraform does not read"),
    ],
)
def test_what_is_not_modelled_is_other(text: str, what: str) -> None:
    """Never a guess: the part is Other, and its neighbours stay known."""
    tree = read(f"{text}b: 5\n")
    assert isinstance(tree, Object)
    assert isinstance(tree.items[0].value, Other)
    assert tree.items[0].value.what == what
    assert plain(tree.items[1].value) == 5


def test_aliases_that_multiply_are_refused() -> None:
    """A dozen lines that stand for billions of nodes are not written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(TfoptError, match="too much YAML"):
        read("\n".join(lines))


@pytest.mark.parametrize("text", ["", "# only\n", "a: 1\n---\nb: 2\n"])
def test_none_or_several_documents_are_refused(text: str) -> None:
    """As Terraform refuses them, so that `try` takes what follows."""
    with pytest.raises(TfoptError, match="YAML document"):
        read(text)


@pytest.mark.parametrize("old", ["m5.large", "'m5.large'", '"m5.large"'])
@pytest.mark.parametrize("new", [*STRINGS, *LOOKALIKES, "<<", "it's"])
def test_a_string_stays_a_string(old: str, new: str) -> None:
    """Whatever it looks like, in every style; the style stays where it can."""
    spelled = spell_scalar(new, old)
    assert read_scalar(spelled) == new
    for around in ("a: {}\n", "a: [{}, x]\n", "- {}"):
        assert new in list(_strings(plain(read(around.replace("{}", spelled)))))
    if new == "m7a.large":
        assert spelled == old.replace("m5", "m7a")


def _strings(value: object) -> Iterator[object]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
    else:
        yield value
