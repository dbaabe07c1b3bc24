"""What a shell may complete for arguments that only tfopt knows."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

_LARGEST = 50_000_000  # bytes of a plan that is read between two keystrokes


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to complete a file."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def addresses(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the groups of the plan on the command line; none where it cannot be read at once."""
    plan = ctx.params.get("plan")
    return [_as_typed(address) for address in _groups(plan or "") if address.startswith(incomplete)]


def _groups(plan: str) -> list[str]:
    from tfopt.errors import TfoptError
    from tfopt.plan.read import read_plan
    from tfopt.plan.saved import MAGIC

    path = Path(plan)
    try:
        with path.open("rb") as file:
            # a saved plan would have to be shown by terraform, which takes seconds
            if file.read(len(MAGIC)) == MAGIC or path.stat().st_size > _LARGEST:
                return []
        return [group.address for group in read_plan(path).groups]
    except (TfoptError, OSError, ValueError):
        return []


def _as_typed(address: str) -> str:
    """Return an address as it has to stand there; zsh and fish quote it themselves."""
    in_bash = os.environ.get("_TFOPT_COMPLETE", "").startswith("bash")
    return shlex.quote(address) if in_bash else address
