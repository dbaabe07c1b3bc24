"""What a CI system tells in its environment, and what the command line says instead."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tfopt.errors import TfoptError
from tfopt.publish.pull_request.http import NotAllowedError


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says; None is taken from the environment."""

    repository: str | None = None
    number: int | None = None
    api_url: str | None = None
    author: str | None = None


class Environment:
    """The variables of this process; one that is empty is not set."""

    def __init__(self, variables: Mapping[str, str] | None = None):
        self._variables = os.environ if variables is None else variables

    def get(self, *names: str) -> str | None:
        """Return the first of the variables that is set."""
        return next((value for name in names if (value := self._variables.get(name))), None)

    def number(self, *names: str) -> int | None:
        """Return the first of the variables that is set, where it is a whole number."""
        value = self.get(*names) or ""
        return int(value) if value.isdecimal() and value.isascii() else None

    def token(self, *names: str, fork: bool) -> str:
        """Return the token in the first of the variables that is set.

        Args:
            names: where to look.
            fork: whether the pull request comes from a fork, which is told no secrets.

        Raises:
            NotAllowedError: a fork has none.
            TfoptError: there is none, or it is none.
        """
        value = (self.get(*names) or "").strip()
        if not value and fork:
            raise NotAllowedError(f"{names[0]} is not set, as usual for a fork")
        if not value:
            raise TfoptError(f"{names[0]} is not set", hint="Put the token there; it is no option")
        # what does not fit a header would be quoted by the error that says so
        if not (value.isascii() and value.isprintable()) or " " in value:
            raise TfoptError(f"{names[0]} is no token: it holds a blank or a line break")
        return value


def required(value: str | int | None, what: str, names: str, option: str) -> str:
    """Return the value as text.

    Raises:
        TfoptError: there is none; it says where it is looked for.
    """
    if not value:
        raise TfoptError(f"which {what}? {names} is not set", hint=f"Give {option}")
    return str(value)
