"""Guesses an operating system from the names that lead to a machine image."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

OperatingSystem = Literal["linux", "windows", "unknown"]
_WINDOWS = re.compile(r"windows|(?:^|[^a-z])win(?:20\d\d)?(?:[^a-z]|$)", re.IGNORECASE)
_LINUX = re.compile(
    r"linux|ubuntu|debian|amzn|al20\d\d|rhel|centos|bottlerocket|flatcar|fedora|suse"
    r"|(?:^|[^a-z])(?:ecs|cos|sles)(?:[^a-z]|$)",
    re.IGNORECASE,
)


def system_of(words: Iterable[str]) -> OperatingSystem:
    """Return the system that an image's name, or references to it, speak of."""
    listed = list(words)
    if any(map(_WINDOWS.search, listed)):
        return "windows"
    return "linux" if any(map(_LINUX.search, listed)) else "unknown"
