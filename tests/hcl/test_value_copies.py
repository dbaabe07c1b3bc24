"""Copies of values, which are spelled out field by field, held to `dataclasses.replace`."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from tfopt.hcl.document import Document, Span
from tfopt.hcl.values import Blocked, Vacancy, Value

DOCUMENT = Document(Path("main.tf"), "main.tf", b"a = 5\n")
LITERAL, WHOLE, OTHER = Span(DOCUMENT, 4, 5), Span(DOCUMENT, 0, 6), Span(DOCUMENT, 0, 1)
FULL = Value(
    data=5,
    leaf=LITERAL,
    tokens=frozenset((LITERAL,)),
    hops=("main.tf:1 a",),
    blocked=Blocked("unknown", "a reason"),
    home=WHOLE,
    vacant=(Vacancy(WHOLE, "b"),),
)


def test_the_example_sets_every_field() -> None:
    """No field of the example is left at its default, so that a copy cannot drop one unseen."""
    assert all(getattr(FULL, each.name) != each.default for each in fields(Value))


def test_copies_keep_every_other_field() -> None:
    """Each copy differs from its original in what it is for, and in nothing else."""
    other = Value("x", tokens=frozenset((OTHER,)), vacant=(Vacancy(WHOLE, "c"),))
    both = frozenset((LITERAL, OTHER))
    assert FULL.holding("y") == replace(FULL, data="y")
    assert FULL.holding("y", both) == replace(FULL, data="y", tokens=both)
    assert FULL.passed("h") == replace(FULL, hops=("main.tf:1 a", "h"))
    assert FULL.led(("h", "i")) == replace(FULL, hops=("main.tf:1 a", "h", "i"))
    assert FULL.led(()) == FULL
    assert FULL.vacated(other.vacant) == replace(FULL, vacant=other.vacant)
    assert FULL.influenced(other) == replace(FULL, tokens=both)
    vacant = (*other.vacant, *FULL.vacant)
    won = replace(FULL, tokens=both.union(vacant), vacant=vacant)
    assert FULL.chosen_over(other) == won


def test_tokens_of_everything_inside_are_gathered() -> None:
    """An object's and a list's members add their tokens, however deep they are."""
    other = Value("x", tokens=frozenset((OTHER,)))
    inside = Value({"a": Value((FULL,)), "b": other}, tokens=frozenset((WHOLE,)))
    assert inside.all_tokens() == {LITERAL, OTHER, WHOLE}
