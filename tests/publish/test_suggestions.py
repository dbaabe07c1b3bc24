"""Suggestions: what a diff turns into, and what stands on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest
from ci_job import Comment, Done, written
from fake_github import FakeGitHub, Reviewed
from fake_vendors import SOMEBODY, FakeGitLab, Stored
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfopt.publish.pull_request.suggestions import (
    ShownLine,
    Suggestion,
    mark_of,
    shown_lines,
    suggestions,
)

MARK = mark_of("plan.json")
PATCH = """--- a/terraform.tfvars
+++ b/terraform.tfvars
@@ -5,4 +5,5 @@
 web = {
-  instance_type = "m5.xlarge"
-  min           = 6
+  # tfopt: was "m5.xlarge"
+  instance_type = "m7a.large"
+  min           = 4
   max           = 24
--- a/nodes.tf
+++ b/nodes.tf
@@ -10,2 +10,3 @@
   desired = 2
+  maximum = 8
 }
"""
# what the pull request itself changes: the lines above are among those it shows
SHOWN = """@@ -3,2 +4,5 @@ ids
+
+web = {
+  instance_type = "m5.xlarge"
+  min           = 6
   max           = 24"""
OLD = ('  instance_type = "m5.xlarge"', "  min           = 6")
NEW = ('  # tfopt: was "m5.xlarge"', '  instance_type = "m7a.large"', "  min           = 4")


def test_each_run_of_changed_lines_is_one_suggestion() -> None:
    """Added lines take the line above them along; paths start at the repository's root."""
    assert suggestions(PATCH, "infra/prod", MARK) == [
        Suggestion("infra/prod/terraform.tfvars", 6, OLD, NEW, MARK),
        Suggestion(
            "infra/prod/nodes.tf", 10, ("  desired = 2",), ("  desired = 2", "  maximum = 8"), MARK
        ),
    ]
    assert suggestions("", "", MARK) == []


def test_fence_is_longer_than_any_in_the_lines() -> None:
    """A heredoc with markdown in it does not end the suggestion."""
    body = Suggestion("a.tf", 1, ("x",), ("````", "y"), MARK).body()
    assert body == f"{MARK}\n`````suggestion\n````\ny\n`````\n"


LINES = st.lists(
    st.sampled_from(["a", "b", "-- x", "++ y", "--- z", "+++ w", " c", ""]), max_size=12
)


@settings(deadline=None)
@given(LINES, LINES)
@example(["-- x"], ["++ y"])
@example(["-- x", "a", "a"], ["++ y", "a"])
def test_suggestions_taken_together_make_the_change(old: list[str], new: list[str]) -> None:
    """Whatever the lines hold, headers of a diff among them; a first line has to stay."""
    old, new = ["first", *old], ["first", *new]
    diff = unified_diff(old, new, "a/f", "b/f", lineterm="")
    text = "".join(f"{line}\n" for line in diff)
    made = list(old)
    for one in sorted(suggestions(text, "", MARK), key=lambda it: -it.first):
        assert one.path == "f"
        assert tuple(made[one.first - 1 : one.last]) == one.old
        made[one.first - 1 : one.last] = one.new
    assert made == new


def test_lines_that_a_pull_request_shows_are_those_of_its_new_side() -> None:
    """Added and unchanged ones, by their number there."""
    assert shown_lines(SHOWN) == {
        4: ShownLine("", None),
        5: ShownLine("web = {", None),
        6: ShownLine('  instance_type = "m5.xlarge"', None),
        7: ShownLine("  min           = 6", None),
        8: ShownLine("  max           = 24", 3),
    }


@pytest.fixture
def gitlab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGitLab]:
    """Return a GitLab whose merge request changes the sizes, at the root of its repository."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    with FakeGitLab().running() as api:
        moved = {"old_path": "sizes.tfvars", "new_path": "terraform.tfvars", "diff": SHOWN}
        api.diffs = [{"old_path": "logo.png", "new_path": "logo.png", "diff": ""}, moved]
        api.lines = {("terraform.tfvars", line): None for line in (4, 5, 6, 7)}
        api.lines["terraform.tfvars", 8] = 3
        for name, value in (api.environment() | api.next_run()).items():
            monkeypatch.setenv(name, value)
        yield api


def test_gitlab_shows_a_suggestion_in_a_thread_on_its_line(
    gitlab: FakeGitLab, comment: Comment, tmp_path: Path
) -> None:
    """Written once, on added and unchanged lines; withdrawn with its change, theirs left alone."""
    patch = tmp_path / "tfopt.patch"
    longer = PATCH.replace("   max           = 24", "-  max           = 24\n+  max           = 9")

    def run(diff: str) -> Done:
        patch.write_text(diff)
        return comment("gitlab", written(), "--suggest", str(patch), **gitlab.next_run())

    for _ in range(2):
        assert run(PATCH).code == 0
        (it,) = (note for note in gitlab.comments if note.position)
        assert it.position
        assert (it.position["new_line"], it.position["old_line"]) == (7, None)
        assert it.body.startswith(f"{MARK}\n```suggestion:-1+0\n{NEW[0]}\n")
    theirs = Stored(f"{MARK}\nmine", SOMEBODY, position=it.position)
    gitlab.comments.append(theirs)
    assert "1 suggestion(s) written, 1 withdrawn, 0 left" in run(longer).err
    (it,) = (note for note in gitlab.comments if note.position and note is not theirs)
    assert it.position
    assert (it.position["new_line"], it.position["old_line"]) == (8, 3)
    assert "```suggestion:-2+0\n" in it.body
    run("")
    assert [note for note in gitlab.comments if note.position] == [theirs]
    assert len(gitlab.comments) == 2


class Job:
    """Runs jobs of one pull request, each with a diff."""

    def __init__(self, comment: Comment, folder: Path):
        self._comment = comment
        self._file = folder / "tfopt.patch"

    def run(self, patch: str, *options: str, number: int = 7, target: str = "plan.json") -> Done:
        """Comment with suggestions."""
        self._file.write_text(patch)
        given = ("--suggest", str(self._file), "--run", str(number), *options)
        return self._comment("github", written(target=target), *given)

    def fail(self, number: int) -> Done:
        """Comment that there is no answer."""
        self._file.write_text("tfopt: error: plan.json: not a plan\n")
        given = ("--failure", str(self._file), "--plan", "./plan.json", "--run", str(number))
        return self._comment("github", "", *given)


@pytest.fixture
def job(
    comment: Comment, github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Job:
    """Return the job, at the root of a repository whose pull request changes the sizes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    github.files = {"terraform.tfvars": SHOWN, "logo.png": ""}
    return Job(comment, tmp_path)


def test_change_is_suggested_on_the_lines_that_are_shown(job: Job, github: FakeGitHub) -> None:
    """Once, in one review; what the pull request does not show is counted."""
    done = job.run(PATCH)
    said = "1 suggestion(s) written, 0 withdrawn, 0 left; 1 change(s) on lines that are not in"
    assert said in done.err
    (it,) = github.on_lines
    assert (it.path, it.line) == ("terraform.tfvars", 7)
    assert it.body == f"{MARK}\n```suggestion\n" + "".join(f"{line}\n" for line in NEW) + "```\n"
    again = job.run(PATCH, number=8)
    assert "0 suggestion(s) written, 0 withdrawn, 1 left" in again.err
    assert github.on_lines == [it]


def test_what_is_suggested_no_more_is_withdrawn(job: Job, github: FakeGitHub) -> None:
    """Ours alone: not what a person wrote, nor what another bot marked so."""
    job.run(PATCH)
    theirs = [
        Reviewed("terraform.tfvars", 7, f"{MARK}\nmine", login="octocat"),
        Reviewed("terraform.tfvars", 6, "please no"),
    ]
    github.on_lines += theirs
    github.page = 2
    done = job.run(PATCH.replace("= 4", "= 5"), number=8)
    assert "1 suggestion(s) written, 1 withdrawn, 0 left" in done.err
    ours = [it for it in github.on_lines if it not in theirs]
    assert ["= 5" in it.body for it in ours] == [True]
    assert [it for it in github.on_lines if it in theirs] == theirs
    assert "0 suggestion(s) written, 1 withdrawn" in job.run("", number=9).err
    assert github.on_lines == theirs


def test_suggestions_of_another_plan_stay(job: Job, github: FakeGitHub) -> None:
    """Two folders of a repository, each with a run of its own, in one pull request."""
    job.run(PATCH)
    other = job.run(PATCH.replace("= 4", "= 5"), target="staging/plan.json", number=8)
    assert "1 suggestion(s) written, 0 withdrawn, 0 left" in other.err
    assert "0 suggestion(s) written, 1 withdrawn" in job.run("", number=9).err
    assert ["= 5" in it.body for it in github.on_lines] == [True]


def test_run_that_fails_withdraws_what_the_one_before_suggested(
    job: Job, github: FakeGitHub
) -> None:
    """Nothing is known of it any more; the next answer suggests anew."""
    job.run(PATCH)
    assert "0 suggestion(s) written, 1 withdrawn" in job.fail(number=8).err
    assert github.on_lines == []
    assert "suggestion" not in job.fail(number=9).err
    assert "1 suggestion(s) written" in job.run(PATCH, number=10).err
    assert [comment.body.count("could not answer") for comment in github.comments] == [0]


def test_lines_that_look_different_there_get_no_suggestion(job: Job, github: FakeGitHub) -> None:
    """The head of the pull request is not what the plan was made from."""
    github.files["terraform.tfvars"] = SHOWN.replace("= 6", "= 7")
    assert "0 suggestion(s) written, 0 withdrawn, 0 left; 2 change(s)" in job.run(PATCH).err
    assert github.on_lines == []


def test_older_run_and_dry_run_suggest_nothing(job: Job, github: FakeGitHub) -> None:
    """As they comment nothing."""
    dry = job.run(PATCH, "--dry-run")
    assert "there would be 1 suggestion(s) written" in dry.out
    assert github.on_lines == []
    job.run("", number=9)
    older = job.run(PATCH, number=8)
    assert "a newer run has commented already" in older.err
    assert "suggestion" not in older.err
    assert github.on_lines == []


def test_token_that_may_not_comment_suggests_nothing_and_passes(
    job: Job, github: FakeGitHub
) -> None:
    """A fork: the text is shown elsewhere."""
    github.read_only = True
    done = job.run(PATCH)
    assert done.code == 0
    assert "the token may not comment" in done.err
    assert github.on_lines == []


def test_token_that_may_comment_but_not_review_passes(job: Job, github: FakeGitHub) -> None:
    """The comment is there; why the suggestions are not is told."""
    github.no_reviews = True
    done = job.run(PATCH)
    assert done.code == 0, done.err
    assert "no suggestions (" in done.err
    assert len(github.comments) == 1
    assert github.on_lines == []
