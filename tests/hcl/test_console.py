"""The evaluator against the real `terraform console`: the same value, the same failures."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.console import (
    FAILS,
    NO_JSON,
    SENSITIVE,
    UNKNOWN,
    answer,
    ask_terraform,
    evaluate,
)
from tests.support.expressions import composed
from tfopt.errors import TfoptError
from tfopt.hcl.functions.encoding import to_json
from tfopt.hcl.values import first_unknown, plain

CASES = Path(__file__).resolve().parent.parent / "cases" / "expressions"
ANSWERS = CASES / "answers.json"
MAY_BE_UNKNOWN = frozenset((CASES / "may-be-unknown.txt").read_text("utf-8").splitlines())
"""Expressions that Terraform knows the value of and this evaluator does not, honestly."""


def read_expressions() -> list[str]:
    """Return the committed expressions: one a line, or in `blocks.txt` parted by `---`."""
    found: list[str] = []
    for file in sorted(CASES.glob("*.txt")):
        text = file.read_text("utf-8")
        parts = text.split("\n---\n") if file.stem == "blocks" else text.splitlines()
        if file.stem not in ("conversions", "may-be-unknown"):
            found += [part.strip("\n") for part in parts if part and not part.startswith("#")]
    return found


def read_conversions() -> list[tuple[str, str]]:
    """Return the lines `type <- value` of `conversions.txt`."""
    lines = (CASES / "conversions.txt").read_text("utf-8").splitlines()
    parted = (line.partition(" <- ") for line in lines if line and not line.startswith("#"))
    return [(kind, value) for kind, _, value in parted]


EXPRESSIONS, CONVERSIONS = read_expressions(), read_conversions()
RECORDED: dict[str, str] = json.loads(ANSWERS.read_text("utf-8")) if ANSWERS.exists() else {}


def shown(conversion: tuple[str, str]) -> str:
    return " <- ".join(conversion)


def declaration(name: str, conversion: tuple[str, str]) -> str:
    kind, value = conversion
    return f'variable "{name}" {{\n  type = {kind}\n  default = {value}\n}}\n'


@pytest.mark.terraform
def test_the_recorded_answers_are_terraforms(
    tmp_path: Path, terraform_env: dict[str, str], rewrite: bool
) -> None:
    """Every committed expression and conversion is asked anew; `--rewrite` records the answers."""
    declared = "".join(declaration(f"v{i}", each) for i, each in enumerate(CONVERSIONS))
    asked = [*EXPRESSIONS, *(f"var.v{i}" for i in range(len(CONVERSIONS)))]
    names = [*EXPRESSIONS, *map(shown, CONVERSIONS)]
    found = dict(zip(names, ask_terraform(asked, tmp_path, terraform_env, declared), strict=True))
    if rewrite:
        text = json.dumps(found, indent=1, ensure_ascii=False)
        ANSWERS.write_text(text + "\n", encoding="utf-8")
    else:
        assert found == RECORDED


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_gives_what_terraform_gives(expression: str) -> None:
    """Value and failure are Terraform's; nothing is unknown that is not said to be."""
    check(expression, answer(expression), RECORDED[expression])
    # Outside try() a failure cannot be, since there is a plan: what is known is right as well.
    value = evaluate(expression)
    if RECORDED[expression].startswith(("[", "{", '"', "-")) and not first_unknown([value]):
        assert to_json(value) == RECORDED[expression]


@pytest.mark.parametrize("conversion", CONVERSIONS, ids=shown)
def test_a_variable_is_converted_as_terraform_converts(conversion: tuple[str, str]) -> None:
    """Type constraints, `optional()` and its defaults at any depth."""
    found = answer("var.v", declaration("v", conversion))
    check(shown(conversion), found, RECORDED[shown(conversion)])


def check(name: str, found: str, wanted: str) -> None:
    if wanted in (UNKNOWN, NO_JSON) or name in MAY_BE_UNKNOWN:
        assert found in (UNKNOWN, SENSITIVE)
    else:
        assert found == wanted


@pytest.mark.terraform
@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.integers(min_value=0))
def test_compositions_give_what_terraform_gives(
    tmp_path_factory: pytest.TempPathFactory, terraform_env: dict[str, str], seed: int
) -> None:
    """Whatever the functions and operators are composed to: known and the same, or not known.

    An empty collection does not tell the type that Terraform may fail over: in one of a hundred
    this evaluator goes on where Terraform stops, which a plan that exists never did.
    """
    asked = compositions(seed, 150)
    found = ask_terraform(asked, tmp_path_factory.mktemp("console"), terraform_env)
    went_on = 0
    for expression, wanted in zip(asked, found, strict=True):
        ours = answer(expression)
        went_on += wanted == FAILS and ours not in (FAILS, UNKNOWN)
        assert wanted == FAILS or ours in (wanted, UNKNOWN), expression
    assert went_on <= len(asked) // 50


def test_most_compositions_are_known() -> None:
    """So that the comparison above compares something."""
    known = [ours for ours in map(answer, compositions(1, 200)) if ours not in (UNKNOWN, FAILS)]
    assert len(known) > 60


def compositions(seed: int, count: int) -> list[str]:
    random = Random(seed)
    return [composed(random) for _ in range(count)]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [("1e3", 1000), ("[1e3, 2]", [1000, 2]), ("0x10", None), ("{ a = 1e3 }", {"a": 1000})],
)
def test_a_number_that_the_parser_misreads_gives_no_wrong_value(
    expression: str, wanted: object
) -> None:
    """The file is refused, or the value is not known, or right; a 1 it is not."""
    try:
        value = evaluate(expression)
    except TfoptError:
        return
    assert first_unknown([value]) is not None or plain(value) == wanted
