"""A handed-on value names the literal that it is: another one there moves it, or refuses."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt.hcl.configuration import Configuration
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.document import Document, Span
from tfopt.hcl.scopes import Frame
from tfopt.hcl.sources import Module, Sources
from tfopt.hcl.syntax import Scalar
from tfopt.hcl.values import Value, same

HANDED_ON = [
    'lookup({{ a = {0}, b = {1} }}, "b", {2})',
    "try({{}}.a, {0})",
    "coalesce(null, {0}, {1})",
    "element([{0}, {1}, {2}], 4)",
    "merge({{ a = {0} }}, {{ a = {1} }}).a",
    "concat([{0}], [{1}, {2}])[1]",
    "flatten([[{0}], [[{1}], {2}]])[1]",
    "values({{ b = {0}, a = {1} }})[1]",
    'zipmap(["a", "b"], [{0}, {1}]).b',
    "distinct([{0}, {1}, {0}])[1]",
    "reverse([{0}, {1}])[0]",
    "slice([{0}, {1}, {2}], 1, 3)[0]",
    "one([{0}])",
    "setproduct([{0}, {1}], [{2}])[1][0]",
    "chunklist([{0}, {1}, {2}], 2)[1][0]",
    "tolist([{0}, {1}])[0]",
    "tolist(toset([{0}, {1}]))[0]",
    "tomap({{ a = {0}, b = {1} }}).a",
    "max({0}, {1}, {2})",
    "min({0}, {1})",
    "sort([{0}, {1}])[0]",
    "compact([{0}, {1}])[1]",
    "[for x in [{0}, {1}] : x][0]",
    '{{for x in [{0}] : "k" => x}}.k',
    "[{{ a = {0} }}, {{ a = {1} }}][*].a[1]",
    "({0} > 3 ? {1} : {2})",
    '"${{{0}}}"',
    "ceil({0})",
    "tonumber({0})",
    "tostring({0})",
]
"""Forms that hand on one of the expressions put into them."""


def evaluated(expression: str, replaced: dict[tuple[int, int], Scalar]) -> Value:
    """Return an expression's value with the tokens at some byte ranges read as other values."""
    document = Document(
        Path("main.tf"), "main.tf", f"locals {{\n  it = {expression}\n}}\n".encode()
    )
    module = Module("", ".", (document,))
    spans = {Span(document, *place): value for place, value in replaced.items()}
    sources = Sources(module, (), lambda *_: "no modules here")
    configuration = Configuration(sources, {}, Edits(replaced=spans))
    return configuration.evaluate(module.locals["it"].expr, Frame(configuration.root))


def handed_on(random: Random, depth: int) -> str:
    if depth == 0:
        return str(random.randint(1, 9))
    form = random.choice(HANDED_ON)
    return form.format(*(handed_on(random, random.randrange(depth)) for _ in range(3)))


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0), st.integers(10, 99))
def test_a_leaf_is_the_value(seed: int, new: int) -> None:
    """The leaf is what the value reads, and another literal there gives just that, or refuses.

    Where others compete with it (max, sort, a set) the new value may lose: then the result is
    another literal's, which the counterfactual sees and says no to.
    """
    expression = handed_on(Random(seed), 3)
    value = evaluated(expression, {})
    if value.leaf is None:
        return
    assert same(int(value.leaf.text), value.data), expression
    assert value.leaf in value.tokens, expression
    place = (value.leaf.start, value.leaf.end)
    after = evaluated(expression, {place: new})
    assert same(new, after.data) or (after.leaf is None or after.leaf[1:] != place), expression


def test_most_handed_on_values_have_a_leaf() -> None:
    """So that the property above is about something."""
    values = [evaluated(handed_on(Random(seed), 3), {}) for seed in range(200)]
    assert sum(value.leaf is not None for value in values) > 150
