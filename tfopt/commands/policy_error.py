"""Tells the errors of the policy package as errors of tfopt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tfopt.errors import TfoptError
from tfopt_policies.errors import PolicyError


@contextmanager
def told() -> Iterator[None]:
    """Turn a PolicyError into the TfoptError of the same words."""
    try:
        yield
    except PolicyError as error:
        raise TfoptError(error.message, where=error.where, hint=error.hint) from error
