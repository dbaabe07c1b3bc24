"""Why a group is not analysed."""

from __future__ import annotations


class NotAnalysedError(Exception):
    """A group that cannot be simulated honestly yet; the message is the reason shown."""
