"""The headline says what is changed, and apart from it what only could be."""

from __future__ import annotations

from reports import (
    assumed_group,
    not_analysed_group,
    possible_group,
    report,
    slo,
    unchanged_group,
    web,
)

from tfopt.recommendation import Group
from tfopt.render import words
from tfopt.render.sentences import headline

COULD = (
    "1 group could save $1,310 a month, −38 %; SLO risk 12 → 2 of 100 days "
    "(assumed traffic; nothing is changed)."
)


def said(*groups: Group) -> str:
    """Return the headline with plain spaces."""
    return headline(report(*groups)).replace(words.GAP, " ")


def test_assumed_traffic_alone_changes_nothing() -> None:
    """No "Saves", no "1 of 1 changed"."""
    assert said(possible_group()) == COULD


def test_what_could_be_stands_behind_what_is() -> None:
    """The count of changed groups leaves it out."""
    kept = "Nothing to change in 1 group; SLO risk stays at <1 of 100 weeks."
    assert said(unchanged_group(), possible_group()) == f"{kept} {COULD}"
    both = said(web(), possible_group())
    assert both.startswith("Saves $1,310 a month")
    assert both.endswith(f"(1 of 2 groups changed). {COULD}")


def missing(group: Group) -> Group:
    """Return the group missing its SLO in every week, whatever was proposed."""
    return group.model_copy(update={"slo": slo(1.0, 1.0)})


def test_a_group_that_is_kept_and_misses_its_slo_is_not_hidden() -> None:
    """Behind a group that changes for the better, and where nothing changes at all."""
    kept = missing(unchanged_group())
    assert "SLO risk stays at 100 of 100 weeks in the worst group (1 of 2" in said(web(), kept)
    worst = "Nothing to change in 1 group; SLO risk stays at 100 of 100 weeks."
    assert said(kept) == worst


def test_a_kept_group_has_the_risk_of_now() -> None:
    """What a proposal that is not made would bring, is not promised."""
    kept = unchanged_group().model_copy(update={"slo": slo(0.9, 0.0)})
    assert said(kept).endswith("SLO risk stays at 90 of 100 weeks.")


def test_one_risk_of_all_groups_is_no_worst_of_them() -> None:
    """Where every group fares the same, none is the worst."""
    assert "SLO risk 12 → 2 of 100 weeks (2 of 2" in said(web(), web())


def test_risk_of_assumed_traffic_stands_apart() -> None:
    """It neither hides behind a measured risk nor passes for one."""
    both = said(web(), missing(assumed_group()))
    assert "SLO risk 12 → 2 of 100 weeks; SLO risk stays at 100 of 100 weeks, assumed (" in both
    kept = missing(unchanged_group()).model_copy(update={"assumed": True})
    assert said(web(), kept).count("SLO risk") == 2
    assert "100 of 100 weeks, assumed" in said(web(), kept)


def test_an_accepted_assumption_is_a_change() -> None:
    """Its edits are made."""
    assert "assumed" in said(assumed_group())
    assert said(assumed_group()).endswith("(1 of 1 group changed).")


def test_nothing_analysed_is_said() -> None:
    """Neither "nothing to change" nor a saving of nothing."""
    assert said(not_analysed_group()) == "No group could be analysed."
