"""The pull-request comment: short, marked, byte-stable, and within GitHub's limit."""

from __future__ import annotations

import json
import re

import pytest
from reports import PATCH, REPORTS, apps, report, unchanged_group, web

from tfopt.recommendation import Report
from tfopt.render import render
from tfopt.render.comment import GITHUB, generated_at, render_failure


def marker(comment: str) -> dict[str, str]:
    """Return what the hidden marker on the first line says."""
    first = comment.split("\n", maxsplit=1)[0]
    found: dict[str, str] = json.loads(first.removeprefix("<!-- tfopt ").removesuffix(" -->"))
    return found


def many(number: int) -> Report:
    """Return a report of so many groups."""
    names = [f"aws_autoscaling_group.g{i}" for i in range(number)]
    return report(*(web().model_copy(update={"address": name}) for name in names))


def test_marker_says_which_tool_target_content_and_time() -> None:
    """What a publisher needs to update in place and never to put older over newer."""
    found = marker(render(*REPORTS["recommended"], "github-comment"))
    assert found == {
        "tool": "tfopt",
        "version": "0.1.0",
        "target": "plan.json",
        "sha": found["sha"],
        "generated_at": "2026-05-04T00:00:00Z",
        "recommended": 2,
    }
    assert re.fullmatch("[0-9a-f]{16}", found["sha"])


@pytest.mark.parametrize(
    ("name", "left"),
    [("recommended", 2), ("unchanged", 0), ("possible", 1), ("not-analysed", None)],
)
def test_marker_counts_what_is_left_to_change(name: str, left: int | None) -> None:
    """Nothing found is no count of 0 where nothing was looked at, or only a part."""
    assert marker(render(*REPORTS[name], "github-comment")).get("recommended") == left
    partly = report(unchanged_group(), complete=False)
    assert "recommended" not in marker(render(partly, "", "github-comment"))


def test_time_is_that_of_the_newest_fact() -> None:
    """Prices newer than any traffic give the time; the clock never does."""
    newer = REPORTS["recommended"][0].tool.model_copy(update={"price_date": "2026-06-30"})
    made = REPORTS["recommended"][0].model_copy(update={"tool": newer})
    assert generated_at(made) == "2026-06-30T00:00:00Z"


def test_same_input_gives_the_same_bytes_and_another_patch_another_sha() -> None:
    """An identical comment can be skipped; a changed one cannot be mistaken for it."""
    first = render(*REPORTS["recommended"], "github-comment")
    again = render(report(web(), apps(), unchanged_group()), PATCH, "github-comment")
    other = render(report(web(), apps(), unchanged_group()), PATCH + " ", "github-comment")
    assert first == again
    assert marker(first)["sha"] != marker(other)["sha"]


def test_headline_tells_saving_and_risk() -> None:
    """One sentence is enough to decide whether to read on."""
    heading = render(*REPORTS["recommended"], "github-comment").split("\n")[1]
    assert heading.startswith("### tfopt: saves $1,030 a month (p05–p95 $999–$1,061), −21")
    assert "SLO risk 43 → 2 of 100" in heading


def test_what_is_not_for_the_first_glance_is_folded() -> None:
    """Outside of folded sections there are the headline, the table and one chart."""
    comment = render(*REPORTS["recommended"], "github-comment")
    open_part = re.sub(r"<details( open)?>.*?</details>", "", comment, flags=re.DOTALL)
    assert open_part.count("```mermaid") == 1
    assert "Proof" not in open_part
    assert "c7i.large" not in open_part
    assert len(open_part) < 3500


def test_nothing_to_change_leaves_no_patch_section() -> None:
    """An unchanged plan gets a short comment that says so."""
    comment = render(*REPORTS["unchanged"], "github-comment")
    assert "### tfopt: nothing to change in 1" in comment
    assert "```diff" not in comment


@pytest.mark.parametrize(
    ("groups", "lines", "says"),
    [
        (40, 10, r"\d+.groups in detail\."),
        (3, 9_000, r"3.groups in detail, [\d,]+.lines of the patch"),
        (900, 5, r"[\d,]+.groups of the overview, 900.groups in detail"),
    ],
)
def test_a_long_comment_is_cut_and_says_what_is_missing(groups: int, lines: int, says: str) -> None:
    """Details go first, then the end of the patch, then rows; the limit always holds."""
    patch = PATCH + "+# a line of a long patch\n" * lines
    comment = render(many(groups), patch, "github-comment")
    assert len(comment.encode("utf-16-le")) // 2 <= GITHUB.limit
    assert re.search(rf"Cut to fit GitHub's 65,536 characters:\*\* .*{says}", comment)
    assert comment.count("<details") == comment.count("</details>")
    assert comment.count("```") % 2 == 0


def test_a_cut_wastes_little_of_the_limit() -> None:
    """As much as fits is shown."""
    comment = render(many(40), PATCH, "github-comment")
    assert len(comment) > 0.9 * GITHUB.limit


def test_each_vendor_has_its_own_limit() -> None:
    """What is cut for GitHub is whole on GitLab."""
    text = render(many(40), PATCH, "gitlab-comment")
    assert len(text) > GITHUB.limit
    assert "Cut to fit" not in text
    patch = PATCH + "+# a line of a long patch\n" * 50_000
    assert "Cut to fit GitLab's 1,000,000 characters" in render(many(1), patch, "gitlab-comment")


def test_a_comment_that_fits_is_not_cut() -> None:
    """Nothing is left out without need, and nothing claims so."""
    assert "Cut to fit" not in render(many(3), PATCH, "github-comment")


def test_failure_has_a_comment_of_its_own() -> None:
    """The reader of a pull request learns what went wrong, in a fence that nothing closes."""
    comment = render_failure("plan.json: not a plan\n```\n<script>", "plan.json")
    assert marker(comment)["target"] == "plan.json"
    assert "### tfopt could not answer" in comment
    assert "````\nplan.json: not a plan\n```\n<script>\n````" in comment
    assert comment == render_failure("plan.json: not a plan\n```\n<script>", "plan.json")
