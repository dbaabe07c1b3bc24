"""What expressions stand for, held to what the real Terraform says of the same ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.configuration import Configuration
from tfopt.hcl.document import Document, role_of
from tfopt.hcl.scopes import Frame
from tfopt.hcl.sources import load_sources, read_body
from tfopt.hcl.values import Unknown, plain

SHARED = """o = {
  a = 5, b = 6, l = [1, 2], n = { x = { y = 1 } },
  m = [{ k = "p", d = { e = 1 } }, { k = "q", d = { e = 2 } }]
}
t = true
s = "key"
h-x = 4
"""
READINGS: dict[str, object] = {
    "1 + 2 * 3": 7,
    "1 * 2 + 3": 5,
    "10 - 3 - 2": 5,
    "100 / 5 / 2": 10,
    "2 - 3 + 4": 3,
    "!true == false": True,
    "!false && false": False,
    "true || true && false": True,
    "1 < 2 && 2 < 3": True,
    "1 + 1 == 2": True,
    "-2 + 3": 1,
    "- 2 * 3": -6,
    "-(1 + 2)": -3,
    "!(1 == 1)": False,
    "true ? 1 : false ? 2 : 3": 1,
    "false ? 1 : false ? 2 : 3": 3,
    '1 == 1 ? "a" : "b"': "a",
    "1 + 1 > 1 ? 5 : 6": 5,
    "(local.o).a": 5,
    '(local.o)["a"]': 5,
    "local.o.l[0]": 1,
    "local.o.l.0": 1,
    'local.o["l"][1]': 2,
    "local.o.n.x.y": 1,
    "local.o.m[*].k": ["p", "q"],
    "local.o.m.*.k": ["p", "q"],
    "local.o.m[*].d.e": [1, 2],
    "local.o.m.*.d.e": [1, 2],
    "[local.o.a, -local.o.b]": [5, -6],
    "-local.o.b + 1": -5,
    "-local.o.l[0] * 2": -2,
    "!local.t": False,
    "!local.t || local.t": True,
    "local.t ? local.o.a : local.o.b": 5,
    "{ for k, v in local.o.n : k => v }": {"x": {"y": 1}},
    "{ for m in local.o.m : m.k => m.d... }": {"p": [{"e": 1}], "q": [{"e": 2}]},
    '[for k, v in local.o.n : "${k}-x"]': ["x-x"],
    '[for m in local.o.m : m.k if m.k != "p"]': ["q"],
    'lookup(local.o, "a", 4)': 5,
    "try(local.o.zz, 7)": 7,
    "length(local.o.l)": 2,
    "merge(local.o.n, { z = 1 })": {"x": {"y": 1}, "z": 1},
    "max(1, local.o.l...)": 2,
    "merge([{ a = 1 }, { b = 2 }]...)": {"a": 1, "b": 2},
    '"${local.o.a}"': 5,
    '"${local.o.a} "': "5 ",
    '"a-${local.t ? "x y" : "z"}-b"': "a-x y-b",
    '"${length("a b")}${"c d"}"': "3c d",
    "(true)": True,
    "((3))": 3,
    "[1, 2][1]": 2,
    "{ a = 1 }.a": 1,
    '{ a = { b = 2 } }["a"].b': 2,
    '{ "a b" = 1, c : 2 }': {"a b": 1, "c": 2},
    "{ (local.s) = 1 }": {"key": 1},
    '{ "${local.s}" = 1 }': {"key": 1},
    "{ local = 1 }": {"local": 1},
    "{ fox = 1 }": {"fox": 1},
    '"q"': "q",
    "1 != 2": True,
    "1 >= 1": True,
    "2 % 2 == 0": True,
    '"a" == "a"': True,
    '"1" == 1': False,
    "null == 1": False,
    'local.o.a == 5 && local.t ? "yes" : "no"': "yes",
    "[for i in [1, 2] : [for j in [3] : i * j]]": [[3], [6]],
    'element(["a", "b"], 1)': "b",
    'coalesce(null, "x")': "x",
    "1 - 1": 0,
    "1 -1": 0,
    "local.h-x": 4,
    "local.o.l[length(local.o.l) - 1]": 2,
    'local.o.m[0].d["e"]': 1,
    'local.o.m[0]["d"].e': 1,
    'tolist(["a"])[0]': "a",
    "keys(local.o.n)": ["x"],
    "<<-X\n  a\n    b ${local.s} c\n  X": "a\n  b key c\n",
    "{\n  a = 1 # c\n  /* x */ b = 2 // d\n  c = [ # q\n    1, # r\n    2\n  ]\n}": {
        "a": 1,
        "b": 2,
        "c": [1, 2],
    },
    "(\n  1 +\n  2\n)": 3,
    "max(\n  1, # one\n  2,\n)": 2,
    "true && (false || true) && !false": True,
    "7 / 2": 3.5,
    'true ? "true" : false ? "x" : "y"': "true",
    "false ? 1 : false ? 2 : true ? 3 : 4": 3,
    "false ? 1 : (true ? true : false) ? 2 : 3": 2,
    "(false ? true : true) ? 1 : 2": 1,
    "false ? 1 : true ? 2 : 3": 2,
    "true ? true ? 1 : 2 : 3": 1,
    "1 + 2 - 3 * 4 % 5": 1,
    "1 == 1 && 2 != 1 || false": True,
    "1 == 2 || 2 == 2 && 1 == 2": False,
    "2 * (3 + 4) * 5": 70,
    "1e3 + 1": 1001,
    "1e-2": 0.01,
    "{ 1e1 = 2 }": {"10": 2},
    "[1e3, 2.5e3]": [1000, 2500],
    '"1e3"': "1e3",
    "1e3": 1000,
    "-1.5E-2": -0.015,
    '"  ${1} ${2}  z ${3} "': "  1 2  z 3 ",
    '" "': " ",
    '"${1} "': "1 ",
    '"e\\u0301 \\U0001F600 \\" \\\\ \\n \\t"': 'é 😀 " \\ \n \t',
    '"$${x} %%{y} %% $ % $$ $$$${z}"': "${x} %{y} %% $ % $$ $$${z}",
    "123456789012345678901": 123456789012345678901,
    "0.10": 0.1,
    "1.0": 1,
    "- 5": -5,
    '"a\\\\"': "a\\",
    '" # no comment // either /* here */ "': " # no comment // either /* here */ ",
    '{ 1 = "x", "2" = "y", a-b = 3, é = 4, "k.l" = 5, true = 6, null = 7 }': {
        "1": "x",
        "2": "y",
        "a-b": 3,
        "é": 4,
        "k.l": 5,
        "true": 6,
        "null": 7,
    },
    "[1, /* c */ 2, # d\n3,]": [1, 2, 3],
    '<<EOT\none\n  two $${x} %%{y} \\n "q" $ %\nEOT': 'one\n  two ${x} %{y} \\n "q" $ %\n',
    "<<-EOT\n    one\n      two\n\n    three\n  EOT": "one\n  two\n\nthree\n",
    '<<-EOT\n    ${"a"}\n      b\n  EOT': "a\n  b\n",
    "<<-EOT\n\t\ta\n\t\t\tb\n\tEOT": "a\n\tb\n",
    "<<-EOT\n\n    a\n\n  EOT": "\na\n\n",
    "[<<A\n1\nA\n, <<B\n2\nB\n]": ["1\n", "2\n"],
    "<<E\nE": "",
    "<<E\n\nE": "\n",
    "<<E\n${1}\nE": "1\n",
    "<<-E\n  a\n\tb\n    c\n   E": " a\nb\n   c\n",
    "<<-EOT\n\n    a ${1} \n   \n  ${2} \n\n    x\n\n  EOT": "\n  a 1 \n   \n2 \n\n  x\n\n",
    "<<E\r\nh1\r\nh2\r\nE": "h1\r\nh2\r\n",
    '"n ${1} ${true} ${"a${"b"}c"}"': "n 1 true abc",
}


def value_of(folder: Path, text: str) -> object:
    """Return what a local value `v` with this expression is."""
    (folder / "main.tf").write_bytes(f"locals {{\n{SHARED}v = {text}\n}}\n".encode())
    return local_value(folder)


def local_value(folder: Path) -> object:
    """Return what the local value `v` of a configuration is."""
    sources = load_sources(folder)
    configuration = Configuration(sources, {})
    return plain(configuration.evaluate(sources.root.locals["v"].expr, Frame(configuration.root)))


@pytest.mark.parametrize("text", READINGS)
def test_an_expression_is_read_as_terraform_reads_it(tmp_path: Path, text: str) -> None:
    """Value and type; the wanted values are Terraform's own (see the next test)."""
    found = value_of(tmp_path, text)
    assert json.dumps(found) == json.dumps(READINGS[text])


@pytest.mark.terraform
def test_terraform_reads_them_so(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """One `terraform console` evaluates every expression of the table."""
    blocks = (f"locals {{\nv{i} = {text}\n}}\n" for i, text in enumerate(READINGS))
    (tmp_path / "main.tf").write_bytes(f"locals {{\n{SHARED}}}\n{''.join(blocks)}".encode())
    listed = [f"local.v{i}" for i in range(len(READINGS))]
    assert console(tmp_path, listed, terraform_env) == list(READINGS.values())


def console(folder: Path, expressions: Sequence[str], env: dict[str, str]) -> object:
    """Return what `terraform console` evaluates expressions to."""
    done = subprocess.run(
        ["terraform", "console"],
        cwd=folder,
        input=f"jsonencode([{', '.join(expressions)}])\n",
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(json.loads(done.stdout))


@pytest.mark.parametrize("text", ["0x1F", '"$$${1}"'], ids=["hex", "escape"])
def test_what_is_not_read_is_unknown(tmp_path: Path, text: str) -> None:
    """Never a guess."""
    assert isinstance(value_of(tmp_path, text), Unknown)


def body(text: bytes, name: str = "a.tf") -> dict[tuple[str, ...], set[str]]:
    """Return the attribute names of each block; those of the file itself under `()`."""
    path = Path(name)
    read = read_body(Document(path, name, text, role=role_of(path)))
    found = {(b.kind, *b.labels): set(b.body.attributes) for b in read.blocks}
    return {(): set(read.attributes), **found}


LAYOUTS: dict[str, tuple[bytes, dict[tuple[str, ...], set[str]]]] = {
    "empty": (b"", {(): set()}),
    "comment only, no newline": (b"# x", {(): set()}),
    "byte order mark": (b"\xef\xbb\xbfa = 1\n", {(): {"a"}}),
    "carriage returns": (b"b {\r\n  a = 1\r\n}\r\n", {(): set(), ("b",): {"a"}}),
    "no final newline": (b"b {\n  a = 1 # c\n}", {(): set(), ("b",): {"a"}}),
    "one line": (b"b { a = 1 }\nc {}\n", {(): set(), ("b",): {"a"}, ("c",): set()}),
    "bare labels": (b"resource t n {\n}\n", {(): set(), ("resource", "t", "n"): set()}),
    "comments between labels": (
        b'resource /* x */ "t" /* y */ "n" /* z */ {\n}\n',
        {(): set(), ("resource", "t", "n"): set()},
    ),
    "letters of other scripts": ("变量 = 1\nñ-1 = 2\n".encode(), {(): {"变量", "ñ-1"}}),
    "comments of all kinds": (b"# a\n/* b\n c */ a = 1 /* d */ // e\n", {(): {"a"}}),
    "exponents without a point": (b"a = 1e3\nb = [2E-1]\n", {(): {"a", "b"}}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_a_file_is_read(layout: str) -> None:
    """Marks, line ends, comments and one-line blocks."""
    text, wanted = LAYOUTS[layout]
    assert body(text) == wanted


@pytest.mark.parametrize(
    ("text", "line"),
    [(b"a = 1\nb = = 2\n", 2), (b"a = <<E\nx\nE", 3), (b"a = 1e3\nb = {\n", 3)],
    ids=["operator", "heredoc without a newline at its end", "open brace"],
)
def test_a_syntax_error_is_told_with_its_line(text: bytes, line: int) -> None:
    """One error, where it is, for what Terraform does not read either."""
    with pytest.raises(TfoptError, match="syntax error") as error:
        body(text)
    assert error.value.where == f"a.tf:{line}"


JSON_TEMPLATES = {  # the JSON source of a string → what Terraform makes of it
    r'"x\n${1}\"q \\n ${\"a b\"} ${2}"': 'x\n1"q \\n a b 2',
    '"${1}"': 1,
    '"$${x} %%{y}"': "${x} %{y}",
    '"${ {a = 1} }"': {"a": 1},
    r'"a\\"': "a\\",
    '" ${1} "': " 1 ",
}


@pytest.mark.parametrize("text", JSON_TEMPLATES)
def test_a_template_in_json_is_read_as_terraform_reads_it(tmp_path: Path, text: str) -> None:
    """Bare: a backslash that JSON leaves is a backslash; also in a file that is a list."""
    (tmp_path / "main.tf.json").write_text(f'[{{}}, {{"locals": {{"v": {text}}}}}]', "utf-8")
    assert local_value(tmp_path) == JSON_TEMPLATES[text]


@pytest.mark.terraform
def test_terraform_reads_json_so(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """One `terraform console` evaluates every string of the table."""
    members = ", ".join(f'"v{i}": {text}' for i, text in enumerate(JSON_TEMPLATES))
    (tmp_path / "main.tf.json").write_text(f'[{{}}, {{"locals": {{{members}}}}}]', "utf-8")
    listed = [f"local.v{i}" for i in range(len(JSON_TEMPLATES))]
    assert console(tmp_path, listed, terraform_env) == list(JSON_TEMPLATES.values())
