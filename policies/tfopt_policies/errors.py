"""The one error a policy raises for a cause that its user can act on."""

from __future__ import annotations


class PolicyError(Exception):
    """A policy that cannot be loaded, trained or judged, told in one line.

    Args:
        message: what was wrong, without a trailing full stop.
        where: the file it was found in.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Return the one line that is shown."""
        place = f"{self.where}: " if self.where else ""
        hint = f". {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"
