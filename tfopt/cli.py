"""The command line: names every verb, loads the one that is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from tfopt import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# verb → one line of help; the code lives in tfopt.commands.<verb>:command and is imported on use,
# so that `tfopt --help` and completion stay instant
VERBS = {
    "recommend": "Propose proven settings for the groups of a plan, as a patch.",
    "set": "Make one attribute a value, wherever it comes from, as a proven patch.",
    "trace": "Show where a value comes from, file:line by file:line.",
    "simulate": "Show what the present settings of a plan would cost and serve.",
    "forecast": "Forecast one traffic series.",
    "comment": "Put a rendered recommendation on a pull request.",
    "check": "Check files edited by hand against guardrails and what was proven.",
    "init": "Write a commented tfopt.toml for the groups of a plan.",
    "doctor": "Say what a run would lack, and what to do about it.",
    "completion": "Print the completion script of a shell.",
    "prices": "Show the price book: date, regions, one type.",
    "train": "Train a policy on traces and synthetic demand.",
    "evaluate": "Score policies against the baselines on weeks they have not seen.",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they run, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"tfopt.commands.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a verb without importing any; options as click does."""
        from click.shell_completion import CompletionItem

        verbs = [name for name in VERBS if name.startswith(incomplete)]
        items = [CompletionItem(name, help=VERBS[name]) for name in verbs]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: terraform show -json tf.plan > plan.json && tfopt recommend plan.json",
)
@click.version_option(__version__, "-V", "--version", prog_name="tfopt")
def cli() -> None:
    """The optimizer in front of `terraform apply`.

    Reads a plan and the sources behind it, simulates the coming weeks of every instance group, and
    hands back the change that serves them at the least cost, proven, as a minimal patch.
    """
