"""The one error type a user sees; `tfopt.__main__` is the one place that catches it."""

from __future__ import annotations

from pathlib import Path


class TfoptError(Exception):
    """A problem the user can act on, told in one line.

    Args:
        message: what was wrong, in a sentence without a trailing full stop.
        where: the file (with `:line` when known) the problem stands in.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, where: str | Path | None = None, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.where = str(where) if where is not None else None
        self.hint = hint

    def __str__(self) -> str:
        """Return the one line that is shown, `where: message. Hint`, as a sentence."""
        place = f"{self.where}: " if self.where else ""
        hint = f". {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"
