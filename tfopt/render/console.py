"""A terminal to print on that is none: fits its columns, and gives back what it was told."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from tfopt.render import words

NARROWEST, WIDEST = 60, 140  # below nothing lines up, above the eye loses the line
# stands for the no-break space while rich breaks lines, which would break there
_GLUE = "\ue000"


def columns(width: int | None) -> int:
    """Return how many columns to fill, of those asked for or of the terminal."""
    wide = width or shutil.get_terminal_size((80, 24)).columns
    return max(NARROWEST, min(WIDEST, wide))


def printed(parts: Iterable[RenderableType], *, width: int | None, color: bool) -> str:
    """Return the parts as a terminal of `width` columns shows them; escape codes with `color`."""
    target = io.StringIO()
    console = Console(
        file=target,
        width=columns(width),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    for part in parts:
        console.print(part)
    lines = target.getvalue().replace(_GLUE, " ").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def text(content: str, style: str = "") -> Text:
    """Return text that never breaks between a number and its unit."""
    return Text(content.replace(words.GAP, _GLUE), style=style)


def grid(*ratios: int) -> Table:
    """Return columns without lines, as wide as their ratios say."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for ratio in ratios:
        made.add_column(ratio=ratio, overflow="fold")
    return made


def facts() -> Table:
    """Return a list of labelled facts, to be filled by `fact`."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True, max_width=18)
    made.add_column(overflow="fold")
    return made


def fact(listed: Table, label: str, content: str) -> None:
    """Add one fact."""
    listed.add_row(text(label), text(content))
