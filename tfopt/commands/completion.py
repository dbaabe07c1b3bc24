"""`tfopt completion`: the script that makes a shell complete what is typed."""

from __future__ import annotations

import click

from tfopt.commands.options import common_options

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_TFOPT_COMPLETE"  # in which the script asks; `tfopt.cli` answers


@click.command(
    epilog="""\b
Installation, once:
  bash   tfopt completion bash > ~/.local/share/bash-completion/completions/tfopt
         (without the bash-completion package:
         echo 'eval "$(tfopt completion bash)"' >> ~/.bashrc)
  zsh    tfopt completion zsh > "${fpath[1]}/_tfopt"
         (or: echo 'eval "$(tfopt completion zsh)"' >> ~/.zshrc, after compinit)
  fish   tfopt completion fish > ~/.config/fish/completions/tfopt.fish
\b
Examples:
  tfopt rec<TAB>                     verbs
  tfopt recommend --fo<TAB>          options and their values
  tfopt trace plan.json aws_<TAB>    the groups of that plan
"""
)
@click.argument("shell", type=click.Choice(SHELLS))
@common_options
@click.pass_context
def command(ctx: click.Context, /, *, shell: str, quiet: bool) -> None:  # noqa: ARG001
    """Print the completion script of a SHELL: verbs, options, files, addresses of groups.

    The script runs `tfopt` itself when it is asked, so it stays true after an update.
    """
    from click.shell_completion import ShellComplete, get_completion_class

    from tfopt.publish import publish_stdout

    kind = get_completion_class(shell)
    assert kind is not None  # click has all of these
    # not the bash class's own `source`, which starts bash to see how old it is
    publish_stdout(ShellComplete.source(kind(ctx.find_root().command, {}, "tfopt", VARIABLE)))
