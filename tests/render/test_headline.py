"""The headline says what is changed, and apart from it what only could be."""

from __future__ import annotations

from reports import (
    assumed_group,
    not_analysed_group,
    possible_group,
    report,
    unchanged_group,
    web,
)

from tfopt.recommendation import Group
from tfopt.render import words
from tfopt.render.sentences import headline

COULD = "1 group could save $1,310 a month, −38 % (assumed traffic; nothing is changed)."


def said(*groups: Group) -> str:
    """Return the headline with plain spaces."""
    return headline(report(*groups)).replace(words.GAP, " ")


def test_assumed_traffic_alone_changes_nothing() -> None:
    """No "Saves", no "1 of 1 changed"."""
    assert said(possible_group()) == COULD


def test_what_could_be_stands_behind_what_is() -> None:
    """The count of changed groups leaves it out."""
    assert said(unchanged_group(), possible_group()) == f"Nothing to change in 1 group. {COULD}"
    both = said(web(), possible_group())
    assert both.startswith("Saves $1,310 a month")
    assert both.endswith(f"(1 of 2 groups changed). {COULD}")


def test_an_accepted_assumption_is_a_change() -> None:
    """Its edits are made."""
    assert "assumed" in said(assumed_group())
    assert said(assumed_group()).endswith("(1 of 1 group changed).")


def test_nothing_analysed_is_said() -> None:
    """Neither "nothing to change" nor a saving of nothing."""
    assert said(not_analysed_group()) == "No group could be analysed."
