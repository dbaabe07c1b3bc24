"""What expressions evaluate to, and which literal each value is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfopt.hcl.configuration import Configuration
from tfopt.hcl.document import Document
from tfopt.hcl.scopes import Frame
from tfopt.hcl.sources import Module, Sources
from tfopt.hcl.values import Unknown, Value, plain

PRELUDE = """
variable "n" {
  type    = number
  default = "5"
}
variable "m" {
  default = { a = 1, b = { c = "deep" } }
}
variable "l" {
  type    = list(number)
  default = [10, "20", 30]
}
variable "o" {
  type    = object({ x = optional(number, 7), y = optional(string) })
  default = { z = 1 }
}
variable "s" {
  sensitive = true
  default   = "hunter2"
}
resource "aws_x" "y" {
  written = var.n
}
locals {
  loop = local.loop
  type = "m5.large"
}
"""


def value_of(expression: str) -> Value:
    source = f"{PRELUDE}locals {{\n  it = {expression}\n}}\n"
    document = Document(Path("main.tf"), "main.tf", source.encode())
    module = Module("", ".", (document,))
    configuration = Configuration(Sources(module, (), lambda *_: "no modules here"), {})
    return configuration.evaluate(module.locals["it"].expr, Frame(configuration.root))


@pytest.mark.parametrize(
    ("expression", "value", "leaf"),
    [
        ("5", 5, "5"),
        ("-5", -5, "-5"),
        ("1.50", 1.5, "1.50"),
        ("true", True, "true"),
        ("null", None, "null"),
        ('"a\\"b$${c}\\u00e9"', 'a"b${c}é', '"a\\"b$${c}\\u00e9"'),
        ("(5)", 5, "5"),
        ("var.n", 5, '"5"'),  # converted to number, spelled as a string
        ("var.m.a", 1, "1"),
        ('var.m["b"].c', "deep", '"deep"'),
        ("var.l[1]", 20, '"20"'),
        ("var.l.0", 10, "10"),
        ("var.o.x", 7, "7"),
        ("var.o.y", None, None),
        ('"${var.n}"', 5, '"5"'),
        ('"${var.n}-x"', "5-x", None),
        ("local.type", "m5.large", '"m5.large"'),
        ("aws_x.y.written", 5, '"5"'),
        ("var.n > 3 ? 8 : 9", 8, "8"),
        ('var.n == "5" ? 8 : 9', 9, "9"),  # == does not convert
        ("var.n + 1", 6, None),
        ("!true || 2 <= 2", True, None),
        ("7 / 2", 3.5, None),
        ("[for x in var.l : x if x > 10][0]", 20, '"20"'),
        ('{for k, v in { a = 3 } : "${k}k" => v}["ak"]', 3, "3"),
        ("[for i, x in var.l : i][2]", 2, None),
        ("[{ a = 1 }, { a = 2 }][*].a", [1, 2], None),
        ('try(var.m.zz, "d")', "d", '"d"'),
        ("can(var.m.zz)", False, None),
        ('lookup(var.m, "a", 9)', 1, "1"),
        ('lookup(var.m, "q", 9)', 9, "9"),
        ('coalesce(null, "", "x")', "x", '"x"'),
        ("coalescelist([], [4])[0]", 4, "4"),
        ("element(var.l, 4)", 20, '"20"'),
        ("merge(var.m, { a = 2 }).a", 2, "2"),
        ("max(var.l...)", 30, "30"),
        ("min(4, var.n)", 4, "4"),
        ("tostring(var.n)", "5", '"5"'),
        ('tonumber("6")', 6, '"6"'),
        ("tolist(toset([3, 1, 3]))[0]", 1, "1"),
        ("length(var.l)", 3, None),
        ('contains(["a"], "a")', True, None),
        ("concat([1], [2])[1]", 2, "2"),
        ("flatten([[1], [[2]]])[1]", 2, "2"),
        ("values({ b = 2, a = 1 })[0]", 1, "1"),
        ("keys({ b = 2, a = 1 })[1]", "b", None),
        ('zipmap(["a"], [4]).a', 4, "4"),
        ("slice(var.l, 1, 2)[0]", 20, '"20"'),
        ("one([8])", 8, "8"),
        ("distinct([1, 1, 2])[1]", 2, "2"),
        ('join("-", ["a", "b"])', "a-b", None),
        ('split("-", "a-b")[1]', "b", None),
        ('upper("a")', "A", None),
    ],
)
def test_known(expression: str, value: object, leaf: str | None) -> None:
    """The value is what Terraform gives, and the leaf is the literal that it is."""
    found = value_of(expression)
    assert plain(found) == value
    assert type(plain(found)) is type(value)
    assert (found.leaf.text if found.leaf else None) == leaf


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("bcrypt(var.n)", "not traced yet: function bcrypt()"),
        ("data.aws_ami.x.id", "not traced yet: data.aws_ami"),
        ("self.x", "not traced yet: self.x"),
        ("path.nowhere", "path.nowhere is not known here"),
        ("var.absent", "var.absent is not declared"),
        ("var.s", "var.s is sensitive"),
        ("local.loop", "local.loop refers to itself"),
        ("aws_x.y.id", "an attribute of aws_x.y that the provider computes"),
        ("var.m.zz", "no member 'zz'"),
        ("var.l[9]", "no member '9'"),
        ("1 + var.m", "'+' of the wrong types"),
        ('tonumber("x")', "tonumber() with arguments it does not take"),
        ("aws_gone.y.id", "aws_gone.y is not in the sources"),
        ("module.gone.x", "module.gone is not declared"),
        ("data.x.y ? 1 : 2", "a condition that is not known"),
        ("{ (data.x.y) = 1 }", "an object with an unknown key"),
        ("[for x in data.x.y : x]", "a for expression over something unknown"),
    ],
)
def test_unknown(expression: str, reason: str) -> None:
    """What is not known says why and where."""
    found = value_of(expression).data
    assert isinstance(found, Unknown)
    assert found.reason == reason
    assert found.where.startswith("main.tf:")


@pytest.mark.parametrize(
    "expression",
    ["bcrypt(4242)", "data.x.y ? 1 : 4242", "[for x in data.x.y : x + 4242]", "data.x.y + 4242"],
)
def test_an_unknown_still_carries_the_literals_in_it(expression: str) -> None:
    """So that an edit of the literal is known to perhaps move it."""
    tokens = {token.text for token in value_of(expression).all_tokens()}
    assert "4242" in tokens


def test_a_condition_has_a_say_in_what_it_chooses() -> None:
    """The tokens hold the condition's literal; the leaf is the chosen one; the other has no say."""
    found = value_of("var.n > 3 ? 8 : 9")
    assert {token.text for token in found.all_tokens()} == {"8", '"5"', "3"}


def test_a_sensitive_value_is_in_no_representation() -> None:
    """Neither the value nor its token can be printed by accident."""
    assert "hunter2" not in repr(value_of("var.s"))
    assert "hunter2" not in repr(value_of('{ a = "${var.s}", b = upper(var.s) }'))
