"""GitLab, Bitbucket and Azure Repos: the same walk, each in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from ci_job import WORDS, Comment, Done, written
from fake_api import Reply
from fake_vendors import (
    ME,
    SOMEBODY,
    TOKEN,
    FakeAzure,
    FakeBitbucket,
    FakeGitLab,
    FakeVendor,
    Stored,
)
from render.reports import REPORTS

from tfopt.marker import split_marker
from tfopt.render import render

OTHER_WORDS = "### tfopt: saves $99 a month\n"


class Job:
    """Runs jobs of one vendor's CI, one after the other."""

    def __init__(self, api: FakeVendor, comment: Comment):
        self.api = api
        self._comment = comment

    def run(self, text: str, *options: str, again: bool = False, **environment: str) -> Done:
        """Comment as the next run, or `again` as the same one."""
        variables = self.api.environment() | ({} if again else self.api.next_run()) | environment
        if self.api.verb == "bitbucket":
            options = ("--api-url", f"{self.api.url}/2.0", *options)
        return self._comment(self.api.verb, text, *options, **variables)

    def seen(self) -> list[str]:
        """Return what readers see of the comments that are left."""
        return [split_marker(it.body)[1].lstrip("\n") for it in self.api.comments if not it.deleted]


@pytest.fixture
def gitlab(comment: Comment) -> Iterator[Job]:
    """Return the CI of GitLab."""
    with FakeGitLab().running() as api:
        yield Job(api, comment)


@pytest.fixture
def bitbucket(comment: Comment) -> Iterator[Job]:
    """Return the CI of Bitbucket."""
    with FakeBitbucket().running() as api:
        yield Job(api, comment)


@pytest.fixture
def azure(comment: Comment) -> Iterator[Job]:
    """Return the CI of Azure."""
    with FakeAzure().running() as api:
        yield Job(api, comment)


@pytest.fixture(params=["gitlab", "bitbucket", "azure"])
def job(request: pytest.FixtureRequest) -> Job:
    """Return the CI of each vendor in turn."""
    made: Job = request.getfixturevalue(request.param)
    return made


def test_comment_is_written_updated_and_left_alone(job: Job) -> None:
    """Written by the first run, edited in place by the next, not touched by the same again."""
    first = job.run(written())
    assert (first.code, first.out) == (0, "")
    assert "wrote a comment" in first.err
    assert job.seen() == [WORDS]
    assert "updated the comment" in job.run(written(OTHER_WORDS)).err
    assert job.seen() == [OTHER_WORDS]
    writes = len(job.api.writes())
    assert "it says the same" in job.run(written(OTHER_WORDS), again=True).err
    assert len(job.api.writes()) == writes


def test_older_run_changes_nothing(job: Job) -> None:
    """By the number of the vendor's own CI."""
    older = job.api.next_run()
    job.run(written())
    assert "a newer run has commented" in job.run(written(OTHER_WORDS), **older).err
    assert job.seen() == [WORDS]


def test_two_targets_have_two_comments(job: Job) -> None:
    """And a comment beyond the first page is found."""
    for target in ("a", "b", "c"):
        job.run(written(f"### {target}\n", target=target))
    job.run(written("### c again\n", target="c"))
    assert job.seen() == ["### a\n", "### b\n", "### c again\n"]


def test_nothing_left_resolves(job: Job) -> None:
    """Silent where there is no comment; Azure's thread is closed, and opened by the next find."""
    done = written("### tfopt: nothing to change\n", left=0)
    assert "no comment says otherwise" in job.run(done).err
    assert job.seen() == []
    job.run(written())
    job.run(done)
    (seen,) = job.seen()
    assert seen.startswith("> **Resolved:** nothing is left to change.\n")
    assert job.api.comments[0].closed == isinstance(job.api, FakeAzure)
    job.run(written(OTHER_WORDS))
    assert job.seen() == [OTHER_WORDS]
    assert not job.api.comments[0].closed


def test_rendered_recommendation_is_posted_and_resolved(job: Job) -> None:
    """From what `tfopt recommend` writes, in the format of the vendor where it has one."""
    format_ = "gitlab-comment" if job.api.verb == "gitlab" else "github-comment"
    done = job.run(render(*REPORTS["unchanged"], format_))
    assert "no comment says otherwise" in done.err
    job.run(render(*REPORTS["recommended"], format_))
    (seen,) = job.seen()
    assert seen.startswith("### tfopt: saves ")
    assert '+  instance_type = "m7a.large"' in seen
    job.run(render(*REPORTS["unchanged"], format_))
    (seen,) = job.seen()
    assert re.match(r"> \*\*Resolved:\*\* .*\n\n### tfopt: nothing to change in 1", seen)


def test_thread_that_a_person_closed_stays_closed(azure: Job) -> None:
    """An update is no reason to hold up the pull request again."""
    azure.run(written())
    azure.api.comments[0].closed = True
    azure.run(written(OTHER_WORDS))
    assert azure.seen() == [OTHER_WORDS]
    assert azure.api.comments[0].closed


def test_new_and_delete_and_new(job: Job) -> None:
    """The one keeps what was there, the other leaves one."""
    job.run(written())
    job.run(written(OTHER_WORDS), "--behavior", "new")
    assert job.seen() == [WORDS, OTHER_WORDS]
    job.run(written("### third\n"), "--behavior", "delete-and-new")
    assert job.seen() == ["### third\n"]


def test_comment_that_a_person_deleted_is_written_anew(job: Job) -> None:
    """Bitbucket and Azure still list it."""
    job.run(written())
    if job.api.verb == "gitlab":
        job.api.comments.clear()
    else:
        job.api.comments[0].deleted = True
    assert "wrote a comment" in job.run(written(OTHER_WORDS)).err
    assert job.seen() == [OTHER_WORDS]


def test_hiding_is_refused_where_there_is_none(job: Job) -> None:
    """As any other unknown value."""
    done = job.run(written(), "--behavior", "hide-and-new")
    assert done.code == 1
    assert "'hide-and-new' is not one of 'update', 'new', 'delete-and-new'" in done.err


def test_comments_of_others_and_quotations_are_not_touched(job: Job) -> None:
    """Whatever they say."""
    others = [Stored(written("### forged\n"), SOMEBODY), Stored("> " + written(), ME)]
    job.api.comments = list(others)
    before = [it.body for it in others]
    job.run(written(), "--behavior", "delete-and-new")
    assert [it.body for it in job.api.comments[:2]] == before
    assert not any(it.deleted for it in others)
    assert job.seen()[2:] == [WORDS]


def test_token_that_may_only_read_shows_the_text(job: Job) -> None:
    """Exit 0, and one line on standard error."""
    job.api.read_only = True
    done = job.run(written())
    assert done.code == 0
    assert done.out.endswith(WORDS)
    assert done.err.count("\n") == 1
    assert "the token may not comment (127.0.0.1 answered 403: " in done.err
    assert job.api.comments == []


def test_text_is_cut_to_the_vendor_s_limit(job: Job) -> None:
    """The server checks it."""
    done = job.run(written("### head\n\n" + "a line\n\n" * 130_000))
    assert done.code == 0, done.err
    (seen,) = job.seen()
    assert f"'s {job.api.limit:,} characters" in seen
    assert len(job.api.comments[0].body) > 0.99 * job.api.limit


@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_token_is_in_no_output(options: tuple[str, ...], job: Job) -> None:
    """Not even where the server repeats it."""
    for status in (401, 403, 404):
        job.api.fail("GET", Reply(status, {"message": f"no access with {TOKEN}"}))
        done = job.run(written(), *options)
        assert "canary" not in done.out + done.err
        assert "no access with ***" in done.err


def test_limits_are_waited_for(job: Job, waits: list[float]) -> None:
    """Retry-After, and errors of the server on the way."""
    job.api.fail("GET", Reply(503))
    job.api.fail("GET", Reply(429, None, {"Retry-After": "5"}))
    assert "wrote a comment" in job.run(written()).err
    assert waits == [1, 6]


def test_lost_answer_writes_no_second_comment(job: Job) -> None:
    """It is looked for first."""
    job.api.fail("POST", Reply(0), done=True)
    assert job.run(written()).code == 0
    assert job.seen() == [WORDS]


def test_missing_variables_are_named(job: Job) -> None:
    """Each in one line that says what to give instead."""
    for name in job.api.environment():
        if name in ("CI_MERGE_REQUEST_PROJECT_URL", "CI_PROJECT_ID", "CI_API_V4_URL"):
            continue
        done = job.run(written(), **({name: ""} | {"CI_PROJECT_ID": ""}))
        assert done.code == 1
        assert "is not set" in done.err
        assert done.err.count("\n") == 1
    assert job.api.asked == []


def test_gitlab_s_fork_has_no_token(gitlab: Job) -> None:
    """Its pipeline runs in the fork's project, which is told no secret of ours."""
    fork = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "77", "GITLAB_TOKEN": ""}
    done = gitlab.run(written(), **fork)
    assert (done.code, done.out.endswith(WORDS)) == (0, True)


def test_azure_s_fork_has_no_token(azure: Job) -> None:
    """Azure says so itself."""
    done = azure.run(written(), SYSTEM_PULLREQUEST_ISFORK="True", SYSTEM_ACCESSTOKEN="")
    assert (done.code, done.out.endswith(WORDS)) == (0, True)


def test_azure_s_job_token_is_sent_as_a_bearer(azure: Job) -> None:
    """A JSON web token; a person's token is a password."""
    assert azure.run(written(), SYSTEM_ACCESSTOKEN="eyJ.a.b").code == 0
    assert azure.api.asked[-1].headers["authorization"] == "Bearer eyJ.a.b"


def test_gitlab_carries_out_no_line_of_the_text(gitlab: Job) -> None:
    """A quick action is one at the start of a line only."""
    gitlab.run(written("### head\n\n```hcl\n/close\n```\n"))
    assert gitlab.seen() == ["### head\n\n```hcl\n /close\n```\n"]


def test_gitlab_takes_a_project_s_path(gitlab: Job) -> None:
    """Where no job says which."""
    done = gitlab.run(written(), "--repo", "group/name", "--merge-request", "12")
    assert "group/name!12: wrote" in done.err


def test_bitbucket_access_token_needs_its_author_told(bitbucket: Job) -> None:
    """Where the API does not say whose the token is; asked only once there is a comment."""
    assert isinstance(bitbucket.api, FakeBitbucket)
    bitbucket.api.knows_users = False
    assert bitbucket.run(written()).code == 0
    refused = bitbucket.run(written(OTHER_WORDS))
    assert refused.code == 1
    assert "--author {uuid}" in refused.err
    assert bitbucket.run(written(OTHER_WORDS), "--author", f"{{{ME}}}").code == 0
    assert bitbucket.seen() == [OTHER_WORDS]


def test_bitbucket_takes_a_user_and_password(bitbucket: Job) -> None:
    """As basic credentials, of which nothing is shown."""
    assert bitbucket.run(written(), BITBUCKET_TOKEN=f"me:{TOKEN}").code == 0
    sent = bitbucket.api.asked[-1].headers["authorization"]
    bitbucket.api.fail("GET", Reply(404, {"message": f"{sent} {TOKEN}"}))
    done = bitbucket.run(written(), BITBUCKET_TOKEN=f"me:{TOKEN}")
    assert "answered 404: *** ***." in done.err
