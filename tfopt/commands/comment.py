"""`tfopt comment`: put a rendered recommendation on a pull request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from tfopt.commands.options import common_options, tell
from tfopt.errors import TfoptError

if TYPE_CHECKING:
    from tfopt.marker import Run
    from tfopt.publish.pull_request.answer import Answer
    from tfopt.publish.pull_request.comment import Behavior, PullRequest
    from tfopt.publish.pull_request.environment import Environment, Given
    from tfopt.publish.pull_request.patience import Patience

    class _Vendor(Protocol):
        """A module of `tfopt.publish.pull_request` that knows one vendor."""

        def connect(
            self, environment: Environment, given: Given, patience: Patience
        ) -> PullRequest[Any]: ...

        def run(self, environment: Environment) -> Run | None: ...


Command = TypeVar("Command", bound=Callable[..., Any])
_REMADE = ("update", "new", "delete-and-new")
_STDIN = Path("-")


@click.group(
    epilog="""\b
Example:
  tfopt recommend plan.json --format github-comment | tfopt comment github
More: tfopt comment github --help
"""
)
def command() -> None:
    """Put a rendered recommendation on a pull request."""


def _options(*behaviors: str, number: str = "--pull-request") -> Callable[[Command], Command]:
    """Add what all vendors take; `behaviors` are those that this one can do."""
    options = [
        click.option(
            "--path",
            "paths",
            type=click.Path(path_type=Path),
            multiple=True,
            help="What tfopt recommend wrote; repeatable.  [default: standard input]",
        ),
        click.option(
            "--failure",
            type=click.Path(path_type=Path),
            help="What it said on standard error instead; needs --plan or --target.",
        ),
        click.option(
            "--plan", "plans", multiple=True, help="With --failure: the plan it read; repeatable."
        ),
        click.option("--repo", "repository", help="Default: the repository of this CI job."),
        click.option(
            *dict.fromkeys((number, "--pull-request")),
            "number",
            type=click.IntRange(min=1),
            help="Default: that of this CI job.",
        ),
        click.option(
            "--behavior",
            type=click.Choice(behaviors),
            default="update",
            show_default=True,
            help="What becomes of the comment of an earlier run.",
        ),
        click.option(
            "--target",
            help="Tells comments of one pull request apart; default: the plan's path from the "
            "repository's root.",
        ),
        click.option(
            "--run",
            "run_number",
            type=click.IntRange(min=0),
            help="Counts up with each run; an older one changes nothing.  [default: CI's number]",
        ),
        click.option("--api-url", help="Default: the API of this CI job, else the public one."),
        click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing."),
        common_options,
    ]

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_suggest_option = click.option(
    "--suggest",
    "patch",
    type=click.Path(path_type=Path),
    help="A diff that tfopt recommend wrote: a suggestion on each of its lines that the request "
    "shows.",
)


@command.command(
    epilog="""\b
Examples:
  tfopt comment github --path comment.md
  tfopt comment github --path comment.md --repo owner/name --pull-request 12 --dry-run
"""
)
@_options("update", "new", "hide-and-new", "delete-and-new")
@_suggest_option
def github(**choices: Any) -> None:
    """Comment on a pull request of GitHub; the token is in GITHUB_TOKEN.

    Needs the permission `pull-requests: write`. Without it, as on a pull request from a fork, the
    text goes to the step summary.
    """
    from tfopt.publish.pull_request import github

    _comment(github, **choices)


@command.command(
    epilog="""\b
Examples:
  tfopt comment gitlab --path comment.md
  tfopt comment gitlab --path comment.md --repo group/name --merge-request 12
"""
)
@_options(*_REMADE, number="--merge-request")
@_suggest_option
def gitlab(**choices: Any) -> None:
    """Comment on a merge request of GitLab; the token, with scope api, is in GITLAB_TOKEN.

    Takes what --format gitlab-comment wrote. A pipeline of a fork has no token: there the text
    goes to standard output.
    """
    from tfopt.publish.pull_request import gitlab

    _comment(gitlab, **choices)


@command.command(
    epilog="""\b
Example:
  tfopt comment bitbucket --path comment.md --repo workspace/name --pull-request 12
"""
)
@_options(*_REMADE)
@click.option(
    "--author", metavar="{UUID}", help="Whose comments are ours.  [default: the token's own user]"
)
def bitbucket(**choices: Any) -> None:
    """Comment on a pull request of Bitbucket Cloud; the token is in BITBUCKET_TOKEN.

    An access token, or user:password. Folded sections are shown open, and charts are left out.
    """
    from tfopt.publish.pull_request import bitbucket

    _comment(bitbucket, **choices)


@command.command(
    "azure-repos",
    epilog="""\b
Examples:
  tfopt comment azure-repos --path comment.md
  tfopt comment azure-repos --path comment.md --api-url https://dev.azure.com/organization
      --repo project/repository --pull-request 12
""",
)
@_options(*_REMADE)
def azure_repos(**choices: Any) -> None:
    """Comment on a pull request of Azure Repos; the token is in SYSTEM_ACCESSTOKEN.

    The thread is closed when nothing is left to change. Charts are left out.
    """
    from tfopt.publish.pull_request import azure

    _comment(azure, **choices)


def _comment(
    vendor: _Vendor,
    *,
    failure: Path | None,
    behavior: Behavior,
    run_number: int | None,
    dry_run: bool,
    quiet: bool,
    patch: Path | None = None,
    **choices: Any,
) -> None:
    """Post each text, or show it elsewhere where the token may not; then suggest its changes."""
    from tfopt.marker import Run
    from tfopt.publish.pull_request.environment import Environment, Given
    from tfopt.publish.pull_request.http import NotAllowedError
    from tfopt.publish.pull_request.patience import Patience

    environment, patience = Environment(), Patience()
    run = vendor.run(environment) if run_number is None else Run("--run", run_number)
    paths, plans, target = (choices.pop(name) for name in ("paths", "plans", "target"))
    texts = _failed(failure, paths, _target(plans, target)) if failure else _written(paths, plans)
    answers = _answers(texts, target, run)
    diff = "" if patch is None else _read(patch)
    try:
        pull_request = vendor.connect(environment, Given(**choices), patience)
    except NotAllowedError as problem:
        for answer in answers:
            _show_instead(answer, environment, problem, dry_run=dry_run, quiet=quiet)
        return
    newest = True
    for answer in answers:
        try:
            if dry_run:
                newest &= _preview(pull_request, answer, behavior)
            else:
                newest &= _post(pull_request, answer, behavior, patience, quiet=quiet)
        except NotAllowedError as problem:
            _show_instead(answer, environment, problem, dry_run=dry_run, quiet=quiet)
            newest = False
    if newest and (patch is not None or failure):
        try:
            _suggest(pull_request, diff, answers, dry_run=dry_run, quiet=quiet)
        except NotAllowedError as problem:
            tell(quiet, f"{pull_request.name}: no suggestions ({problem.message})")


def _suggest(
    pull_request: PullRequest[Any], diff: str, answers: list[Answer], *, dry_run: bool, quiet: bool
) -> None:
    """Suggest the changes of a diff on the lines that the pull request shows.

    Without a diff, as after a failure, those of an earlier run are withdrawn.
    """
    from tfopt.publish.pull_request.suggest import Reviewed, suggest
    from tfopt.publish.pull_request.suggestions import mark_of, suggestions
    from tfopt.publish.workspace import below_repository

    if not isinstance(pull_request, Reviewed):
        return
    mark = mark_of(", ".join(answer.marker.target for answer in answers))
    wanted = suggestions(diff, below_repository(Path.cwd()), mark)
    outcome = suggest(pull_request, wanted, mark, dry_run=dry_run)
    if dry_run:
        click.echo(f"{pull_request.name}: there would be {outcome}")
    elif diff or outcome.withdrawn:
        tell(quiet, f"{pull_request.name}: {outcome}")


def _target(plans: tuple[str, ...], target: str | None) -> str | None:
    """Return what the comment is about: as it is called, else the plans from the root."""
    from tfopt.marker import target_of
    from tfopt.publish.workspace import below_repository

    return target or (target_of(below_repository(Path.cwd()), plans) if plans else None)


def _written(paths: tuple[Path, ...], plans: tuple[str, ...]) -> dict[str, str]:
    """Return the texts that were given, each with where it is from."""
    if plans:
        raise click.UsageError("--plan goes with --failure: a text names its plan itself")
    return {
        "standard input" if path == _STDIN else str(path): _read(path)
        for path in paths or (_STDIN,)
    }


def _failed(failure: Path, paths: tuple[Path, ...], target: str | None) -> dict[str, str]:
    """Return the text that says why there is no answer."""
    from tfopt.render.comment import render_failure

    if paths or not target:
        raise click.UsageError("--failure takes --plan or --target, and no --path")
    return {str(failure): render_failure(_read(failure), target)}


def _answers(texts: dict[str, str], target: str | None, run: Run | None) -> list[Answer]:
    """Return what each text says, each of a target of its own."""
    from tfopt.publish.pull_request.answer import read_answer

    answers: list[Answer] = []
    for where, text in texts.items():
        answer = read_answer(text, where, target=target, run=run)
        if any(answer.marker.target == other.marker.target for other in answers):
            raise TfoptError(
                "has the target of another text, and would replace it",
                where=where,
                hint="Post each by itself, with a --target of its own",
            )
        answers.append(answer)
    return answers


def _read(path: Path) -> str:
    try:
        if path != _STDIN:
            return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise TfoptError(f"cannot be read: {error.strerror or error}", where=path) from error
    if sys.stdin.isatty():
        raise TfoptError("there is no text", hint="Give --path FILE, or pipe the text in")
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _post(
    pull_request: PullRequest[Any],
    answer: Answer,
    behavior: Behavior,
    patience: Patience,
    *,
    quiet: bool,
) -> bool:
    """Return whether no newer run has commented already."""
    from tfopt.publish.pull_request.decide import NEWER
    from tfopt.publish.pull_request.post import post

    outcome = post(pull_request, answer, behavior, patience)
    done = " and ".join(outcome.done) or "nothing to do"
    where = f": {outcome.address}" if outcome.address else ""
    tell(quiet, f"{pull_request.name}: {done} ({outcome.why}){where}")
    return outcome.why != NEWER


def _preview(pull_request: PullRequest[Any], answer: Answer, behavior: Behavior) -> bool:
    """Say what `_post` would do, and return what it would."""
    from tfopt.publish.pull_request.decide import NEWER
    from tfopt.publish.pull_request.post import preview

    outcome = preview(pull_request, answer, behavior)
    would = " and ".join(outcome.done)
    what = f"would {would}" if would else "would do nothing"
    click.echo(f"{pull_request.name}, {answer.marker.target}: {what} ({outcome.why})")
    return outcome.why != NEWER


def _show_instead(
    answer: Answer, environment: Environment, problem: TfoptError, *, dry_run: bool, quiet: bool
) -> None:
    """Show the text where a token that may not comment can put it; that is no failure."""
    from tfopt.publish.pull_request.fallback import show_instead

    if dry_run:
        click.echo(f"{answer.marker.target}: would show the text elsewhere ({problem.message})")
        return
    where = show_instead(answer.text, environment)
    tell(quiet, f"the token may not comment ({problem.message}); the text is in {where}")
