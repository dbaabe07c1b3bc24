"""GitHub from end to end: what stands on a pull request after each kind of run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ci_job import WORDS, Comment, written
from fake_api import Reply
from fake_github import BOT, TOKEN, FakeGitHub, Stored

from tfopt.marker import Run, split_marker

OTHER_WORDS = "### tfopt: saves $99 a month\n"


def words(comment: Stored) -> str:
    """Return what a reader sees of a comment."""
    marker, seen = split_marker(comment.body)
    assert marker
    return seen


def test_first_run_comments_and_the_next_push_updates_it(
    github: FakeGitHub, comment: Comment
) -> None:
    """One comment, edited in place, whose marker knows the run."""
    first = comment("github", written())
    assert (first.code, first.out) == (0, "")
    assert first.err.startswith("tfopt: owner/name#12: wrote a comment (there is no comment yet)")
    assert [words(c) for c in github.comments] == [WORDS]
    second = comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="8")
    assert "updated the comment" in second.err
    assert [words(c) for c in github.comments] == [OTHER_WORDS]
    marker, _ = split_marker(github.comments[0].body)
    assert marker
    assert marker.run == Run("github owner/name/.github/workflows/plan.yml", 8)
    assert github.writes() == [
        "POST /repos/owner/name/issues/12/comments",
        f"PATCH /repos/owner/name/issues/comments/{github.comments[0].id}",
    ]


def test_same_run_again_changes_nothing(github: FakeGitHub, comment: Comment) -> None:
    """An identical comment is left alone."""
    comment("github", written())
    again = comment("github", written())
    assert "nothing to do (it says the same)" in again.err
    assert len(github.writes()) == 1


@pytest.mark.parametrize("behavior", ["update", "new", "hide-and-new", "delete-and-new"])
def test_newer_run_with_the_same_words_is_noted_in_the_marker(
    behavior: str, github: FakeGitHub, comment: Comment
) -> None:
    """Else a run between the two, which finishes last, would put its older words there."""
    comment("github", written())
    comment("github", written(), "--behavior", behavior, GITHUB_RUN_NUMBER="9")
    between = comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="8")
    assert "a newer run has commented already" in between.err
    assert [words(c) for c in github.comments] == [WORDS]


@pytest.mark.parametrize("behavior", ["update", "new", "hide-and-new", "delete-and-new"])
def test_older_run_that_finishes_last_changes_nothing(
    behavior: str, github: FakeGitHub, comment: Comment
) -> None:
    """Whatever it was told to do with the comment that is there."""
    comment("github", written())
    late = comment("github", written(OTHER_WORDS), "--behavior", behavior, GITHUB_RUN_NUMBER="6")
    assert late.code == 0
    assert "nothing to do (a newer run has commented already)" in late.err
    assert [(words(c), c.minimized) for c in github.comments] == [(WORDS, False)]


def test_push_that_takes_newer_facts_away_is_still_the_newer_one(
    github: FakeGitHub, comment: Comment
) -> None:
    """The run decides; the time of the newest fact only where there is no run to compare."""
    comment("github", written(at="2026-05-04T00:00:00Z"))
    comment("github", written(OTHER_WORDS, at="2026-01-01T00:00:00Z"), GITHUB_RUN_NUMBER="8")
    assert [words(c) for c in github.comments] == [OTHER_WORDS]


def test_rerun_of_an_old_run_is_old(github: FakeGitHub, comment: Comment) -> None:
    """Another attempt keeps its run's number; of one run, the later attempt is the newer."""
    comment("github", written())
    again = {"GITHUB_RUN_NUMBER": "6", "GITHUB_RUN_ATTEMPT": "5"}
    assert "newer run" in comment("github", written(OTHER_WORDS), **again).err
    attempt = {"GITHUB_RUN_NUMBER": "7", "GITHUB_RUN_ATTEMPT": "2"}
    assert "updated" in comment("github", written(OTHER_WORDS), **attempt).err


def test_without_a_run_the_time_of_the_newest_fact_decides(
    github: FakeGitHub, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a laptop, say."""
    monkeypatch.delenv("GITHUB_RUN_NUMBER")
    comment("github", written(at="2026-05-04T00:00:00Z"))
    late = comment("github", written(OTHER_WORDS, at="2026-05-03T00:00:00Z"))
    assert "a newer run has commented already" in late.err
    comment("github", written(OTHER_WORDS, at="2026-05-04T00:00:00Z"))
    assert [words(c) for c in github.comments] == [OTHER_WORDS]


def test_failure_without_a_run_is_not_older_than_any_answer(
    github: FakeGitHub, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It rests on no facts, so that their time says nothing."""
    monkeypatch.delenv("GITHUB_RUN_NUMBER")
    comment("github", written())
    comment("github", written("### tfopt could not answer\n", at="", left=None))
    comment("github", written())
    assert [words(c) for c in github.comments] == [WORDS]
    assert len(github.writes()) == 3


def test_run_given_by_hand_orders_runs_of_any_ci(github: FakeGitHub, comment: Comment) -> None:
    """`--run "$BUILD_NUMBER"` where the CI system is none we know."""
    comment("github", written(), "--run", "20")
    assert "newer run" in comment("github", written(OTHER_WORDS), "--run", "19").err


def test_each_target_has_its_comment(github: FakeGitHub, comment: Comment, tmp_path: Path) -> None:
    """Two plans in one pull request do not replace each other; nor do two of one name, if told."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(written(f"### {name}\n", target=f"{name}.json"))
    paths = [part for name in ("a", "b") for part in ("--path", str(tmp_path / name))]
    assert comment("github", "", *paths).code == 0
    comment("github", written("### a again\n", target="a.json"))
    comment("github", written("### c\n", target="b.json"), "--target", "c")
    assert [words(c) for c in github.comments] == ["### a again\n", "### b\n", "### c\n"]
    (tmp_path / "b").write_text(written("### b\n", target="a.json"))
    twice = comment("github", "", *paths)
    assert twice.code == 1
    assert "has the target of another text" in twice.err


def test_nothing_left_to_change_resolves_the_comment(github: FakeGitHub, comment: Comment) -> None:
    """Where a comment asks for something; else nothing is said at all."""
    done = "### tfopt: nothing to change in 1 group.\n"
    silent = comment("github", written(done, left=0))
    assert "nothing is left to change, and no comment says otherwise" in silent.err
    assert github.comments == []
    comment("github", written())
    comment("github", written(done, left=0), "--behavior", "new", GITHUB_RUN_NUMBER="8")
    resolved = "> **Resolved:** nothing is left to change.\n\n" + done
    assert [words(c) for c in github.comments] == [resolved]
    comment("github", written(), GITHUB_RUN_NUMBER="9")
    assert [words(c) for c in github.comments] == [WORDS]


def test_failure_is_told_in_place_of_the_answer(
    github: FakeGitHub, comment: Comment, tmp_path: Path
) -> None:
    """It resolves nothing, and the next answer replaces it."""
    comment("github", written())
    said = tmp_path / "error.txt"
    said.write_text("tfopt: error: plan.json: not a plan\n```\n")
    options = ("--failure", str(said), "--target", "plan.json")
    assert comment("github", "", *options, GITHUB_RUN_NUMBER="8").code == 0
    (seen,) = map(words, github.comments)
    assert seen.startswith("### tfopt could not answer\n\n````\ntfopt: error: plan.json: not a")
    comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="9")
    assert [words(c) for c in github.comments] == [OTHER_WORDS]
    untold = comment("github", "", "--failure", str(said))
    assert untold.code == 1
    assert "--failure takes --plan or --target" in untold.err


def test_new_keeps_the_earlier_comment(github: FakeGitHub, comment: Comment) -> None:
    """One comment a run that has something new to say."""
    comment("github", written())
    comment("github", written(OTHER_WORDS), "--behavior", "new", GITHUB_RUN_NUMBER="8")
    assert [(words(c), c.minimized) for c in github.comments] == [
        (WORDS, False),
        (OTHER_WORDS, False),
    ]


def test_hide_and_new_minimises_what_was_there(github: FakeGitHub, comment: Comment) -> None:
    """After the new one is written; a comment that is hidden is not looked at again."""
    comment("github", written())
    for run, text in (("8", OTHER_WORDS), ("9", WORDS)):
        comment("github", written(text), "--behavior", "hide-and-new", GITHUB_RUN_NUMBER=run)
    assert [c.minimized for c in github.comments] == [True, True, False]
    assert github.writes()[1:3] == ["POST /repos/owner/name/issues/12/comments", "POST /graphql"]
    comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="10")
    assert [words(c) for c in github.comments] == [WORDS, OTHER_WORDS, OTHER_WORDS]


def test_token_that_may_write_but_not_hide_is_an_error(
    github: FakeGitHub, comment: Comment
) -> None:
    """The text stands there already: it is not shown a second time elsewhere."""
    comment("github", written())
    github.hides = False
    done = comment(
        "github", written(OTHER_WORDS), "--behavior", "hide-and-new", GITHUB_RUN_NUMBER="8"
    )
    assert (done.code, done.out) == (1, "")
    assert "wrote a comment, but no more: GitHub answered: Resource not accessible" in done.err
    assert [words(c) for c in github.comments] == [WORDS, OTHER_WORDS]


def test_delete_and_new_leaves_one(github: FakeGitHub, comment: Comment) -> None:
    """The newest."""
    comment("github", written())
    comment("github", written(OTHER_WORDS), "--behavior", "delete-and-new", GITHUB_RUN_NUMBER="8")
    assert [words(c) for c in github.comments] == [OTHER_WORDS]


def test_comments_of_others_and_quotations_are_not_touched(
    github: FakeGitHub, comment: Comment
) -> None:
    """A marker proves nothing: anybody can write one, or quote ours, even a namesake of the bot."""
    forged, quoted = written("### forged\n", at="2030-01-01T00:00:00Z"), "> " + written()
    others = [
        Stored(forged, "octocat"),
        Stored(forged, "github-actions"),
        Stored(quoted, BOT),
        Stored("see\n" + written(), BOT),
        Stored(forged.replace('"tool":"tfopt"', '"tool":"other"'), BOT),
        Stored("<!-- tfopt {not json} -->\n", BOT),
    ]
    github.comments = list(others)
    before = [c.body for c in others]
    comment("github", written(), "--behavior", "delete-and-new")
    assert [c.body for c in github.comments[:-1]] == before
    assert words(github.comments[-1]) == WORDS
    assert not any(c.minimized for c in github.comments)


def test_a_person_s_own_token_finds_the_person_s_comment(
    github: FakeGitHub, comment: Comment
) -> None:
    """Not that of the bot."""
    comment("github", written())
    comment("github", written(), GITHUB_TOKEN="ghp_octocat")
    comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="8")
    assert [(c.login, words(c)) for c in github.comments] == [
        (BOT, WORDS),
        ("octocat", OTHER_WORDS),
    ]


def test_comment_is_found_on_the_last_page(github: FakeGitHub, comment: Comment) -> None:
    """All pages are read."""
    comment("github", written())
    ours = github.comments[0]
    github.page = 2
    github.comments = [*(Stored(f"hello {i}", "octocat") for i in range(5)), ours]
    comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="8")
    assert words(ours) == OTHER_WORDS
    assert len(github.comments) == 6


def test_fork_s_token_shows_the_text_in_the_step_summary(
    github: FakeGitHub, comment: Comment, tmp_path: Path
) -> None:
    """Exit 0 and one line: a contributor cannot do anything about it."""
    github.read_only = True
    summary = tmp_path / "summary.md"
    done = comment("github", written(), GITHUB_STEP_SUMMARY=str(summary))
    assert (done.code, done.out) == (0, "")
    assert done.err.count("\n") == 1
    assert "the token may not comment" in done.err
    assert "Resource not accessible by integration" in done.err
    assert summary.read_text().endswith(WORDS)
    assert github.comments == []


def test_without_a_step_summary_it_is_shown_on_standard_output(
    github: FakeGitHub, comment: Comment
) -> None:
    """The log is read, too."""
    github.read_only = True
    done = comment("github", written())
    assert done.code == 0
    assert done.out.endswith(WORDS)


def test_fork_without_any_token_is_no_error(
    github: FakeGitHub, comment: Comment, tmp_path: Path
) -> None:
    """A secret that a fork is not told reads as empty; on the team's own branch it is missing."""
    event = tmp_path / "event.json"
    repos = {"head": {"repo": {"full_name": "fork/name"}}, "base": {"repo": {"full_name": "o/n"}}}
    event.write_text(json.dumps({"pull_request": {"number": 12, **repos}}))
    done = comment("github", written(), GITHUB_TOKEN="", GITHUB_EVENT_PATH=str(event))
    assert done.code == 0
    assert done.out.endswith(WORDS)
    repos["head"] = repos["base"]
    event.write_text(json.dumps({"pull_request": {"number": 12, **repos}}))
    done = comment("github", written())
    assert done.code == 1
    assert "GITHUB_TOKEN is not set" in done.err


def test_pull_request_is_found_in_the_event(
    github: FakeGitHub, comment: Comment, tmp_path: Path
) -> None:
    """Of the pull request, a comment on one, or a workflow that followed; an issue is none."""
    event = tmp_path / "event.json"
    for content, found in (
        ({"pull_request": {"number": 12}}, True),
        ({"issue": {"number": 12, "pull_request": {"url": "…"}}}, True),
        ({"issue": {"number": 12}}, False),
        ({"workflow_run": {"pull_requests": [{"number": 12}]}}, True),
        ({"workflow_run": {"pull_requests": []}}, False),
        ([], False),
    ):
        event.write_text(json.dumps(content))
        done = comment(
            "github",
            written(),
            "--dry-run",
            GITHUB_EVENT_PATH=str(event),
            GITHUB_REF="refs/heads/main",
        )
        assert done.code == (0 if found else 1), done.err
    assert "which pull request?" in done.err
    assert "--pull-request" in done.err


def test_dry_run_reads_and_says_what_it_would_do(github: FakeGitHub, comment: Comment) -> None:
    """Nothing is written."""
    comment("github", written())
    options = ("--behavior", "hide-and-new", "--dry-run")
    done = comment("github", written(OTHER_WORDS), *options, GITHUB_RUN_NUMBER="8")
    assert done.out == (
        "owner/name#12, plan.json: would write a comment and hide an earlier comment "
        "(it says something new)\n"
    )
    assert len(github.writes()) == 1


@pytest.mark.parametrize(
    "limit",
    [
        Reply(429, {"message": "Too many requests"}, {"Retry-After": "17"}),
        Reply(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "17"}),
        Reply(403, {"message": "You have exceeded a secondary rate limit."}),
        Reply(403, {"message": "limit"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}),
    ],
    ids=["429", "secondary", "secondary without a time", "primary"],
)
def test_rate_limits_are_waited_for(
    limit: Reply, github: FakeGitHub, comment: Comment, waits: list[float]
) -> None:
    """As long as the server says; no such answer is taken for a token that may not comment."""
    github.fail("GET", limit)
    github.fail("POST", limit)
    done = comment("github", written())
    assert "wrote a comment" in done.err
    asked = 18 if "Retry-After" in limit.headers else 1
    assert waits == [asked, asked]
    assert len(github.comments) == 1


def test_graphql_s_own_rate_limit_is_waited_for(
    github: FakeGitHub, comment: Comment, waits: list[float]
) -> None:
    """It comes with status 200."""
    comment("github", written())
    error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
    github.fail("POST", Reply(200, {"data": None, "errors": [error]}))
    assert "updated" in comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="8").err
    assert len(waits) == 1


@pytest.mark.parametrize("trouble", [Reply(502, b"<html>"), Reply(0)], ids=["502", "broken"])
def test_comment_is_not_written_twice_when_the_answer_is_lost(
    trouble: Reply, github: FakeGitHub, comment: Comment
) -> None:
    """A POST whose answer is lost is looked for before it is sent again."""
    github.fail("POST", trouble, done=True)
    assert comment("github", written()).code == 0
    assert len(github.comments) == 1
    github.comments.clear()
    github.fail("POST", trouble, done=False)
    assert comment("github", written()).code == 0
    assert len(github.comments) == 1


def test_server_that_stays_away_is_an_error_after_some_tries(
    github: FakeGitHub, comment: Comment, waits: list[float]
) -> None:
    """Each wait is longer than the one before."""
    github.fail("GET", Reply(503), times=99)
    done = comment("github", written())
    assert done.code == 1
    assert "127.0.0.1 did not answer in 6 tries (status 503). Run again later" in done.err
    assert waits == [1, 2, 4, 8, 16]


def test_comment_deleted_while_we_look_is_written_anew(
    github: FakeGitHub, comment: Comment
) -> None:
    """What stands there now decides."""
    comment("github", written())
    github.fail("PATCH", Reply(404, {"message": "Not Found"}))
    assert "updated" in comment("github", written(OTHER_WORDS), GITHUB_RUN_NUMBER="8").err


def test_text_too_long_is_cut_and_says_so(github: FakeGitHub, comment: Comment) -> None:
    """The server takes it."""
    long = "### head\n\n" + "a line\n\n" * 20_000
    assert comment("github", written(long)).code == 0
    body = github.comments[0].body
    assert 65_000 < len(body) <= 65_536
    assert body.count("Cut to fit GitHub's 65,536 characters") == 1


@pytest.mark.parametrize("options", [(), ("--debug",)])
@pytest.mark.parametrize(
    "trouble",
    [
        Reply(401, {"message": f"Bad credentials {TOKEN}"}),
        Reply(403, {"message": f"Forbidden for Bearer {TOKEN}"}),
        Reply(404, {"message": "Not Found"}),
        Reply(200, f"{TOKEN}".encode()),
        Reply(302, None, {"Location": "http://elsewhere.invalid/"}),
    ],
    ids=["401", "403", "404", "no json", "elsewhere"],
)
def test_token_is_in_no_output(
    trouble: Reply, options: tuple[str, ...], github: FakeGitHub, comment: Comment
) -> None:
    """Not even where the server repeats it, nor in a traceback."""
    github.fail("GET", trouble)
    done = comment("github", written(), *options)
    assert TOKEN not in done.out + done.err
    assert done.code == (0 if trouble.status == 403 else 1)
    assert ("Traceback" in done.err) == (done.code == 1 and bool(options))


def test_token_that_no_header_takes_is_refused_unquoted(
    github: FakeGitHub, comment: Comment
) -> None:
    """Python's own error would quote it."""
    done = comment("github", written(), GITHUB_TOKEN=f"{TOKEN}\nsecond")
    assert done.code == 1
    assert "GITHUB_TOKEN is no token" in done.err
    assert "canary" not in done.err


def test_text_without_a_marker_is_refused(github: FakeGitHub, comment: Comment) -> None:
    """It would never be found again."""
    done = comment("github", "hello\n")
    assert done.code == 1
    assert (
        "standard input: does not begin with tfopt's marker. Write it with `tfopt recommend"
        in done.err
    )
    assert github.asked == []
